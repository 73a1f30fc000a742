package helmsvc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// writes are those that a Cluster has asked of the API server, in order.
type writes struct {
	mu   sync.Mutex
	seen []string
}

func (w *writes) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// writer is a transport that notes what is written.
type writer struct {
	next http.RoundTripper
	into *writes
}

func (w writer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		w.into.mu.Lock()
		w.into.seen = append(w.into.seen, r.Method+" "+r.URL.Path)
		w.into.mu.Unlock()
	}
	return w.next.RoundTrip(r)
}

// watched has the place's Cluster note what it writes from now on.
func (p *place) watched() *writes {
	p.t.Helper()
	seen := new(writes)
	config := rest.CopyConfig(local.RESTConfig())
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return writer{next, seen} })
	c, err := helmsvc.NewCluster(config, helmsvc.Config{Tenants: tenant.Config{Impersonate: true}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.Cluster = c
	return seen
}

// remove deletes the release and its namespace, as a delete of an instance does. It
// tells whether the namespace's deletion had begun when the release was deleted.
func (p *place) remove() (atOnce bool) {
	p.t.Helper()
	err := p.Cluster.Uninstall(p.t.Context(), p.target, func(ctx context.Context) {
		going, err := p.BeginDelete(ctx, p.ns)
		if err != nil || !going {
			p.t.Errorf("the namespace's deletion hasn't begun: %v", err)
		}
		atOnce = true
	})
	if err != nil {
		p.t.Error(err)
	}
	if err := p.DeleteNamespace(p.t.Context(), p.ns, func(string) {}); err != nil {
		p.t.Error(err)
	}
	return atOnce
}

// TestWithItsNamespace deletes a release while Kubernetes waits with its namespace,
// and its claims: nothing of it holds the namespace up when it is looked at.
func TestWithItsNamespace(t *testing.T) {
	p := confined(t)
	if err := p.install(t.Context(), `{"hooks":"registry.example.com/hook:1"}`, nil); err != nil {
		t.Fatal(err)
	}
	p.claim("data", "")
	p.bound("data")
	seen := p.watched()
	if !p.remove() {
		t.Error("the namespace was deleted after the release")
	}
	path := "/api/v1/namespaces/" + p.ns.Name
	asked := seen.all()
	if asked[0] != "DELETE "+path {
		t.Errorf("first of all was asked %s", asked[0])
	}
	for _, want := range []string{
		"DELETE /apis/apps/v1/namespaces/" + p.ns.Name + "/deployments/" + p.target.Release, "DELETE " + path + "/persistentvolumeclaims",
	} {
		if !slices.Contains(asked, want) {
			t.Errorf("%s wasn't asked, but %q", want, asked)
		}
	}
	for _, r := range asked[1:] {
		if !strings.HasPrefix(r, "DELETE ") || r == "DELETE "+path {
			t.Errorf("asked was %s", r)
		}
	}
}

// TestWithItsNamespaceAgain is repeated by another process, at any point, until
// nothing is left, and then too.
func TestWithItsNamespaceAgain(t *testing.T) {
	p := confined(t)
	if err := p.install(t.Context(), `{}`, nil); err != nil {
		t.Fatal(err)
	}
	ctx, crash := context.WithCancel(t.Context())
	err := p.Cluster.Uninstall(ctx, p.target, func(ctx context.Context) {
		if _, err := p.BeginDelete(ctx, p.ns); err != nil {
			t.Error(err)
		}
		crash()
	})
	if err == nil || ctx.Err() == nil {
		t.Fatalf("the cancelled uninstall returned %v", err)
	}
	for range 2 {
		p.watched()
		err := p.Cluster.Uninstall(t.Context(), p.target, func(ctx context.Context) {
			if _, err := p.BeginDelete(ctx, p.ns); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Error(err)
		}
		if err := p.DeleteNamespace(t.Context(), p.ns, func(string) {}); err != nil {
			t.Error(err)
		}
	}
}

// TestBeforeItsNamespace deletes a release first that needs its namespace: for hooks,
// or for the records that tell what lies outside.
func TestBeforeItsNamespace(t *testing.T) {
	definition, err := json.Marshal(definitionOf("Leaving"))
	if err != nil {
		t.Fatal(err)
	}
	job := object("batch/v1", "Job", "job", "{template: "+podTemplate("x", "restartPolicy: Never, ", "registry.example.com/x:1")+"}")
	for name, c := range map[string]struct {
		templates []string
		kinds     []string
	}{
		"a pre-delete hook":          {[]string{mapOf, hooked(job, "pre-delete")}, nil},
		"a post-delete hook":         {[]string{mapOf, hooked(job, "post-delete")}, nil},
		"an object outside":          {[]string{mapOf, clusterRole("NAMESPACE")}, []string{"ClusterRole"}},
		"a hook's object outside":    {[]string{mapOf, hooked(clusterRole("NAMESPACE"), "pre-install")}, []string{"ClusterRole"}},
		"a CustomResourceDefinition": {[]string{mapOf, string(definition) + "\n"}, []string{"CustomResourceDefinition"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := confined(t)
			p.target.ClusterObjects = c.kinds
			var templates []string
			for _, text := range c.templates {
				templates = append(templates, strings.ReplaceAll(text, "NAMESPACE", p.ns.Name))
			}
			if err := p.Install(t.Context(), p.target, rendered(templates...), nil); err != nil {
				t.Fatal(err)
			}
			seen := p.watched()
			if p.remove() {
				t.Error("the namespace was deleted before the release")
			}
			asked := seen.all()
			at := slices.Index(asked, "DELETE /api/v1/namespaces/"+p.ns.Name)
			if strings.Contains(name, "delete hook") {
				if made := slices.Index(asked, "POST /apis/batch/v1/namespaces/"+p.ns.Name+"/jobs"); made < 0 || made > at {
					t.Errorf("the hook hasn't run in its namespace: %q", asked)
				}
			}
			if p.hasClusterRole(p.ns.Name) {
				t.Error("the ClusterRole is left")
			}
			if c.kinds != nil && slices.Contains(c.kinds, "CustomResourceDefinition") {
				wantUndefined(t, "Leaving")
			}
		})
	}
}

// wantUndefined fails unless a kind's definition is gone, or going.
func wantUndefined(t *testing.T, kind string) {
	t.Helper()
	live, err := definitionsAPI(t).ApiextensionsV1().CustomResourceDefinitions().Get(t.Context(), definitionOf(kind).Name, metav1.GetOptions{})
	if err == nil && live.DeletionTimestamp == nil || err != nil && !apierrors.IsNotFound(err) {
		t.Errorf("the definition of %s is %v, %v", kind, live.DeletionTimestamp, err)
	}
}

// TestNotWithItsNamespace leaves the namespace's deletion for later where the broker
// makes everything in its own name, which may lie anywhere.
func TestNotWithItsNamespace(t *testing.T) {
	p := newPlace(t)
	if err := p.install(t.Context(), `{}`, nil); err != nil {
		t.Fatal(err)
	}
	if p.remove() {
		t.Error("the namespace was deleted before the release")
	}
}
