package render_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// TestMain is also the sandbox.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "sandbox" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{render.HandleName: render.Handle}))
	}
	os.Exit(m.Run())
}

func renderer(t *testing.T) *render.Renderer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &render.Renderer{
		Workers: &sandbox.Workers{Command: []string{self, "sandbox"}},
		Limits:  sandbox.Limits{Time: 5 * time.Second, Memory: 128 << 20}, Output: 1 << 20,
	}
}

// chartOf is a chart with these templates.
func chartOf(name string, templates map[string]string, subcharts ...*helmchart.Chart) *helmchart.Chart {
	c := &helmchart.Chart{Metadata: &helmchart.Metadata{APIVersion: "v2", Name: name, Version: "1.0.0"}, Values: map[string]any{"own": 1.0}}
	for file, text := range templates {
		c.Templates = append(c.Templates, &helmchart.File{Name: "templates/" + file, Data: []byte(text)})
	}
	for _, sub := range subcharts {
		c.AddDependency(sub)
		c.Metadata.Dependencies = append(c.Metadata.Dependencies, &helmchart.Dependency{Name: sub.Name(), Version: sub.Metadata.Version, Condition: sub.Name() + ".enabled"})
	}
	return c
}

func inputOf(c *helmchart.Chart, values map[string]any) render.Input {
	return render.Input{
		Chart: c, Values: values, Capabilities: chartutil.DefaultCapabilities.Copy(),
		Release: chartutil.ReleaseOptions{Name: "r", Namespace: "n", Revision: 3, IsUpgrade: true},
	}
}

// yields is what Helm makes of a rendered chart.
func yields(t *testing.T, c *helmchart.Chart) map[string]string {
	t.Helper()
	values, err := chartutil.ToRenderValues(c, nil, chartutil.ReleaseOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Render(c, values)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestRender compares what comes out of a sandbox with what Helm's templates say.
func TestRender(t *testing.T) {
	sub := chartOf("sub", map[string]string{"s.yaml": "sub: {{ .Values.global.shared }}"})
	sub.Files = []*helmchart.File{{Name: "crds/sub.yaml", Data: []byte("kind: Sub")}}
	off := chartOf("off", map[string]string{"o.yaml": "never: seen"})
	off.Files = []*helmchart.File{{Name: "crds/off.yaml", Data: []byte("kind: Off")}}
	c := chartOf("main", map[string]string{
		"kinds.yaml": "{{ kindOf .Values.whole }} {{ kindOf .Values.float }} {{ kindOf .Values.own }} {{ .Values.big }} {{ .Values.nothing | quote }}",
		"says.yaml":  "{{ .Release.Revision }} {{ .Release.IsUpgrade }} {{ .Chart.Name }} {{ include \"help\" . }} {{ .Files.Get \"note\" }}",
		"_help.tpl":  `{{ define "help" }}helped{{ end }}`,
		"odd.yaml":   "{{`a {{ b }} {{{ c }}} {{- d -}} {{`}}`",
		"empty.yaml": "{{ if false }}x{{ end }}\n",
		"NOTES.txt":  "thanks",
	}, sub, off)
	c.Files = []*helmchart.File{{Name: "note", Data: []byte("noted")}, {Name: "crds/main.yaml", Data: []byte("kind: Main")}}
	made, err := renderer(t).Render(t.Context(), inputOf(c, map[string]any{
		"whole": int64(2), "float": 2.0, "big": int64(9007199254740993), "nothing": nil,
		"global": map[string]any{"shared": "everywhere"}, "off": map[string]any{"enabled": false},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"main/templates/kinds.yaml":        "int64 float64 float64 9007199254740993 ",
		"main/templates/says.yaml":         "3 true main helped noted",
		"main/templates/odd.yaml":          "a {{ b }} {{{ c }}} {{- d -}} {{`",
		"main/templates/NOTES.txt":         "thanks",
		"main/charts/sub/templates/s.yaml": "sub: everywhere",
	}
	got := yields(t, made)
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s: %q, want %q", name, got[name], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("it yields %d files: %v", len(got), got)
	}
	definitions := ""
	for _, d := range made.CRDObjects() {
		definitions += string(d.File.Data) + " in " + path.Base(d.Filename) + "; "
	}
	if definitions != "kind: Main in main.yaml; kind: Sub in sub.yaml; " {
		t.Errorf("crds/ is %s", definitions)
	}
	if made.Name() != "main" || made.Values["own"] != 1.0 || len(c.Dependencies()) != 2 {
		t.Errorf("the chart is called %s with values %v; the one it was made from has %d subcharts", made.Name(), made.Values, len(c.Dependencies()))
	}
}

// TestBounds renders what would take a broker's time and memory.
func TestBounds(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		values   map[string]any
		want     string
	}{
		"a range":     {"{{ range until (int .Values.count) }}x{{ end }}", map[string]any{"count": int64(400_000_000)}, "more than 128 MB of memory"},
		"a long text": {`{{ repeat (int .Values.count) "x" }}`, map[string]any{"count": int64(1 << 40)}, "of memory"},
		"output":      {`{{ repeat (int .Values.count) "x" }}`, map[string]any{"count": int64(2 << 20)}, "more than 1 MB of manifests"},
		"a loop":      {"{{ range untilStep 0 100000 1 }}{{ range untilStep 0 100000 1 }}{{ end }}{{ end }}", nil, "rendering the chart takes more than"},
		"recursion":   {`{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}`, nil, ""},
		"tpl":         {`{{ tpl .Values.text . }}`, map[string]any{"text": `{{ range until 400000000 }}{{ end }}`}, "of memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := renderer(t).Render(t.Context(), inputOf(chartOf("c", map[string]string{"x.yaml": c.template}), c.values))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestMistakes are told in Helm's words.
func TestMistakes(t *testing.T) {
	c := chartOf("c", map[string]string{"x.yaml": `{{ required "a size is needed" .Values.size }}`})
	if _, err := renderer(t).Render(t.Context(), inputOf(c, nil)); err == nil || !strings.Contains(err.Error(), "a size is needed") {
		t.Errorf("error %v", err)
	}
	c.Schema = []byte(`{"properties": {"size": {"type": "integer"}}}`)
	if _, err := renderer(t).Render(t.Context(), inputOf(c, map[string]any{"size": "x"})); err == nil || !strings.Contains(err.Error(), "don't meet the specifications of the schema") {
		t.Errorf("error %v", err)
	}
}

// TestLookup has templates look things up with the rights that they are given.
func TestLookup(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		text := map[string]string{
			"/api/v1":                        `{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{"name": "secrets", "kind": "Secret", "namespaced": true}]}`,
			"/api/v1/namespaces/n/secrets/s": `{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"a": "b"}}`,
			"/api/v1/namespaces/n/secrets":   `{"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": {"name": "s"}}]}`,
		}[r.URL.Path]
		switch {
		case r.Header.Get("Authorization") != "Bearer instance":
			w.WriteHeader(http.StatusUnauthorized)
		case text == "":
			w.WriteHeader(http.StatusNotFound)
			text = `{"kind": "Status", "apiVersion": "v1", "reason": "NotFound", "code": 404}`
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	in := inputOf(chartOf("c", map[string]string{
		"x.yaml": `{{ (lookup "v1" "Secret" "n" "s").data.a }} {{ len (lookup "v1" "Secret" "n" "").items }} {{ len (lookup "v1" "Secret" "n" "none") }}`,
	}), nil)
	in.Lookup = &rest.Config{Host: server.URL, BearerToken: "instance"}
	made, err := renderer(t).Render(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if text := yields(t, made)["c/templates/x.yaml"]; text != "b 1 0" {
		t.Errorf("it found %q", text)
	}
	in.Chart = chartOf("c", map[string]string{"x.yaml": `{{ range until 2000 }}{{ $_ := lookup "v1" "Secret" "n" "s" }}{{ end }}`})
	var exceeded *render.ExceededError
	if _, err := renderer(t).Render(t.Context(), in); !errors.As(err, &exceeded) || !strings.Contains(err.Error(), "more than 1000 requests") {
		t.Errorf("many lookups: %v", err)
	}
	in.Chart, in.Lookup = chartOf("c", map[string]string{"x.yaml": `{{ lookup "v1" "Secret" "n" "s" }}`}), nil
	if made, err := renderer(t).Render(t.Context(), in); err != nil || yields(t, made)["c/templates/x.yaml"] != "map[]" {
		t.Errorf("without a cluster: %v, error %v", made, err)
	}
}

// TestRenderTwice: the second rendering has values of its own, generates anew, and
// finds what the first has found.
func TestRenderTwice(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/api/v1" {
			_, _ = w.Write([]byte(`{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{"name": "secrets", "kind": "Secret", "namespaced": true}]}`))
			return
		}
		asked++
		_, _ = fmt.Fprintf(w, `{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"a": "answer %d"}}`, asked)
	}))
	t.Cleanup(server.Close)
	in := inputOf(chartOf("c", map[string]string{"x.yaml": `{{ (lookup "v1" "Secret" "n" "s").data.a }}, {{ .Values.v }}, {{ uuidv4 }}`}), map[string]any{"v": "one"})
	in.Lookup = &rest.Config{Host: server.URL}
	first, second, err := renderer(t).RenderTwice(t.Context(), in, map[string]any{"v": "two"})
	if err != nil {
		t.Fatal(err)
	}
	a, aID, _ := strings.Cut(render.TextOf(first.Templates[0]), ", one, ")
	b, bID, _ := strings.Cut(render.TextOf(second.Templates[0]), ", two, ")
	if a != "answer 1" || b != "answer 1" || len(aID) != 36 || aID == bID {
		t.Errorf("rendered %q and %q, ids %s and %s", a, b, aID, bID)
	}
}
