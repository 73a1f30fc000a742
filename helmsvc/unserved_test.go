package helmsvc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

func definitionsAPI(t *testing.T) apiextensions.Interface {
	t.Helper()
	api, err := apiextensions.NewForConfig(local.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func defined(t *testing.T, kind string) bool {
	t.Helper()
	definitions := definitionsAPI(t).ApiextensionsV1().CustomResourceDefinitions()
	_, err := definitions.Get(t.Context(), definitionOf(kind).Name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// bring gives a chart a CRD in its crds/.
func bring(t *testing.T, c *helmchart.Chart, kind string) *helmchart.Chart {
	t.Helper()
	definition, err := json.Marshal(definitionOf(kind))
	if err != nil {
		t.Fatal(err)
	}
	c.Files = append(c.Files, &helmchart.File{Name: "crds/" + kind + ".yaml", Data: definition})
	return c
}

func custom(kind, name string) string { return object("example.com/v1", kind, name, "{}") }

func hooked(manifest, event string) string {
	return strings.Replace(manifest, "metadata: {", "metadata: {annotations: {helm.sh/hook: "+event+"}, ", 1)
}

// customs lists the example.com/v1 objects of a kind in the namespace.
func (p *place) customs(kind string) []unstructured.Unstructured {
	p.t.Helper()
	client, err := dynamic.NewForConfig(local.RESTConfig())
	if err != nil {
		p.t.Fatal(err)
	}
	resource := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: strings.ToLower(kind) + "s"}
	list, err := client.Resource(resource).Namespace(p.ns.Name).List(p.t.Context(), metav1.ListOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return list.Items
}

const mapOf = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n---\n"

// unservedChart has four kinds that no cluster of today serves: in the
// manifest, in a hook and in a subchart. The cluster isn't asked for the one
// that crds/ brings, nor for what is only for helm test.
func unservedChart(t *testing.T, brought string) *helmchart.Chart {
	sub := chartOf("sub", map[string]string{"gone.yaml": object("batch/v1beta1", "CronJob", "nightly", "{}")})
	c := chartOf("unserved", map[string]string{
		"a.yaml": mapOf + object("policy/v1beta1", "PodDisruptionBudget", "one", "{}") + object("policy/v1beta1", "PodDisruptionBudget", "two", "{}"),
		"b.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: web}}\n",
		"c.yaml": hooked(object("example.com/v1", "Nobodys", "hook", "{}"), "post-install") + hooked(custom("Nobodys", "test"), "test"),
		"d.yaml": hooked(custom("Tested", "test"), "test"),
		"e.yaml": custom(brought, "brought"),
	}, sub)
	return bring(t, c, brought)
}

const fourKinds = "policy/v1beta1 PodDisruptionBudget (one, two), extensions/v1beta1 Ingress (web), batch/v1beta1 CronJob (nightly), example.com/v1 Nobodys (hook);"

// checkUnserved wants an error that names all the kinds, each once.
func checkUnserved(t *testing.T, err error, more string) {
	t.Helper()
	var unserved *manifest.UnservedError
	if !errors.As(err, &unserved) {
		t.Fatalf("error %v", err)
	}
	for _, kind := range strings.Split(strings.TrimSuffix(fourKinds, ";")+more, "), ") {
		if kind = strings.TrimSuffix(kind, ")"); strings.Count(err.Error(), kind+")") != 1 {
			t.Errorf("%q isn't in the error once: %v", kind, err)
		}
	}
	if want := 4 + strings.Count(more, "("); len(unserved.Kinds) != want {
		t.Errorf("%d kinds, want %d: %v", len(unserved.Kinds), want, err)
	}
}

// TestUnserved is refused at once, with everything named and nothing made.
func TestUnserved(t *testing.T) {
	p := newPlace(t)
	checkUnserved(t, p.Install(t.Context(), p.target, chart.Rendered{Chart: unservedChart(t, "Unmade")}, nil), "")
	if defined(t, "Unmade") || len(p.releases()) != 0 {
		t.Error("something was made of the chart")
	}

	c := chartOf("served", map[string]string{"a.yaml": mapOf})
	if err := p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil); err != nil {
		t.Fatal(err)
	}
	// Helm's upgrades leave crds/ out.
	err := p.Upgrade(t.Context(), p.target, chart.Rendered{Chart: unservedChart(t, "Unmade")}, nil)
	checkUnserved(t, err, ", example.com/v1 Unmade (brought)")
	if now := p.releases(); len(now) != 1 || now[0].Labels["status"] != "deployed" {
		t.Errorf("the release is %+v", now)
	}
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Error(err)
	}
}

// TestDefinitions installs what a chart brings the CRDs of: crds/ for all of
// it, templates for hooks that follow.
func TestDefinitions(t *testing.T) {
	p := newPlace(t)
	template, err := json.Marshal(definitionOf("Templated"))
	if err != nil {
		t.Fatal(err)
	}
	c := bring(t, chartOf("bringing", map[string]string{
		"crd.yaml":  string(template),
		"main.yaml": custom("Brought", "main"),
		"hook.yaml": hooked(custom("Brought", "hook"), "pre-install"),
		"late.yaml": hooked(custom("Templated", "late"), "pre-delete"),
		// This one can't be rendered before the CRD is there.
		"caps.yaml": `{{ if not (.Capabilities.APIVersions.Has "example.com/v1/Brought") }}{{ fail "no CRD" }}{{ end }}`,
	}), "Brought")
	if err := p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil); err != nil {
		t.Fatal(err)
	}
	if n := len(p.customs("Brought")); n != 2 {
		t.Errorf("%d objects of the kind from crds/, want 2", n)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if left := p.customs("Brought"); len(left) != 1 || left[0].GetName() != "hook" {
		t.Errorf("after the uninstall there is %v", left)
	}
}

// TestNewKind finds a kind that was defined since the cluster was last asked.
func TestNewKind(t *testing.T) {
	p := newPlace(t)
	what := func() chart.Rendered {
		return chart.Rendered{Chart: chartOf("new", map[string]string{"a.yaml": custom("Novelty", "new")})}
	}
	var unserved *manifest.UnservedError
	if err := p.Install(t.Context(), p.target, what(), nil); !errors.As(err, &unserved) {
		t.Fatalf("before the CRD: %v", err)
	}
	definitions := definitionsAPI(t).ApiextensionsV1().CustomResourceDefinitions()
	if _, err := definitions.Create(t.Context(), definitionOf("Novelty"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// The broker's other process installs; this one still knows the old kinds.
	old := p.Cluster
	p.use(tenant.Config{})
	err := p.Install(t.Context(), p.target, what(), nil)
	for errors.As(err, &unserved) {
		t.Log("the kind isn't served yet")
		err = p.Install(t.Context(), p.target, what(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Uninstall(t.Context(), p.target, nil); err != nil {
		t.Fatal(err)
	}
	if left := p.customs("Novelty"); len(left) != 0 {
		t.Errorf("after the uninstall there is %v", left)
	}
	p.Cluster = old
	if err := p.Install(t.Context(), p.target, what(), nil); err != nil {
		t.Errorf("by the process that looked before the CRD: %v", err)
	}
}

// down makes an aggregated API look as if its server were down.
type down struct{ http.RoundTripper }

func (d down) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := d.RoundTripper.RoundTrip(request)
	if err != nil || request.URL.Path != "/apis" {
		return response, err
	}
	var found map[string]any
	err = errors.Join(json.NewDecoder(response.Body).Decode(&found), response.Body.Close())
	if err != nil {
		return nil, err
	}
	found["items"] = append(found["items"].([]any), map[string]any{
		"metadata": map[string]any{"name": "down.example.com"},
		"versions": []any{map[string]any{"version": "v1", "freshness": "Stale"}},
	})
	body, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Del("Content-Length")
	return response, nil
}

// TestAPIDown isn't a matter of the chart: it may pass.
func TestAPIDown(t *testing.T) {
	p := newPlace(t)
	config := local.RESTConfig()
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return down{next} })
	var err error
	if p.Cluster, err = helmsvc.NewCluster(config, helmsvc.Config{}); err != nil {
		t.Fatal(err)
	}
	c := chartOf("down", map[string]string{"a.yaml": object("down.example.com/v1", "Thing", "a", "{}")})
	err = p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil)
	var retryable *tenant.RetryableError
	if !errors.As(err, &retryable) || !strings.Contains(err.Error(), "down.example.com/v1") {
		t.Errorf("error %v", err)
	}
	c = chartOf("up", map[string]string{"a.yaml": mapOf})
	if err := p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil); err != nil {
		t.Errorf("a chart of other kinds: %v", err)
	}
}

// TestDependencies come out the same though the chart is rendered twice.
func TestDependencies(t *testing.T) {
	p := newPlace(t)
	what := func() chart.Rendered {
		sub := chartOf("sub", map[string]string{
			"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}}\ndata: {got: {{ .Values.exports.text | quote }}, nil: {{ hasKey .Values \"gone\" | quote }}}\n",
		})
		sub.Values = map[string]any{"exports": map[string]any{"text": "sub's", "named": map[string]any{"plain": "too"}}, "gone": "there"}
		c := chartOf("parent", map[string]string{
			"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: parent}\ndata: {got: {{ .Values.imported.text | quote }}, nil: {{ .Values.plain | quote }}}\n",
		}, sub)
		imports := []any{map[string]any{"child": "exports", "parent": "imported"}, "named"}
		c.Metadata.Dependencies = []*helmchart.Dependency{
			{Name: "sub", Version: "1.0.0", Alias: "one", ImportValues: imports},
			{Name: "sub", Version: "1.0.0", Alias: "two"},
			{Name: "sub", Version: "1.0.0", Alias: "off", Condition: "off.enabled"},
		}
		return chart.Rendered{Chart: c, Values: map[string]any{
			"one": map[string]any{"exports": map[string]any{"text": "user's"}, "gone": nil},
			"off": map[string]any{"enabled": false},
		}}
	}
	check := func() {
		t.Helper()
		list, err := clients.CoreV1().ConfigMaps(p.ns.Name).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=Helm"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list.Items {
			got = append(got, m.Name+" "+m.Data["got"]+" "+m.Data["nil"])
		}
		if want := "one user's false, parent sub's too, two sub's true"; strings.Join(got, ", ") != want {
			t.Errorf("got %q, want %s", got, want)
		}
	}
	if err := p.Install(t.Context(), p.target, what(), nil); err != nil {
		t.Fatal(err)
	}
	check()
	if err := p.Upgrade(t.Context(), p.target, what(), nil); err != nil {
		t.Fatal(err)
	}
	check()
}
