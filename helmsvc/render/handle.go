package render

import (
	"encoding/json"
	"path"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// HandleName is what Render asks for among a sandbox's handles.
const HandleName = "render-chart"

// Handle renders a chart in a sandbox.
func Handle(text json.RawMessage, ask sandbox.Question) any {
	var t task
	if err := json.Unmarshal(text, &t); err != nil {
		return answer{Error: err.Error()}
	}
	result, err := t.render(ask)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return result
}

// render does what Helm's install and upgrade do to a chart up to the point at
// which its files are sorted.
func (t task) render(ask sandbox.Question) (answer, error) {
	c := t.Chart.whole()
	values, err := decodeValues(t.Values)
	if err != nil {
		return answer{}, err
	}
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return answer{}, err
	}
	visible, err := chartutil.ToRenderValues(c, values, t.Release, t.Capabilities)
	if err != nil {
		return answer{}, err
	}
	files, err := t.files(c, visible, ask)
	if err != nil {
		return answer{}, err
	}
	length := 0
	for name, content := range files {
		if length += len(content); length > t.Output {
			return answer{TooLong: true}, nil
		}
		if strings.TrimSpace(content) == "" {
			delete(files, name)
		}
	}
	if tooDense(files) {
		return answer{TooDense: true}, nil
	}
	return answer{Files: files, Definitions: definitions(c)}, nil
}

func (t task) files(c *helmchart.Chart, values chartutil.Values, ask sandbox.Question) (map[string]string, error) {
	switch {
	case t.Alone:
		return Alone(c, values)
	case !t.Lookup:
		return engine.Render(c, values)
	}
	// Helm's lookup asks over HTTP: so does the sandbox, and the request goes to
	// whoever waits for the answer.
	return engine.RenderWithClient(c, values, &rest.Config{Host: "https://lookup", Transport: asking{ask: ask}, QPS: -1})
}

func definitions(c *helmchart.Chart) []string {
	var names []string
	for _, d := range c.CRDObjects() {
		names = append(names, d.Filename)
	}
	return names
}

// rendered is a chart that renders to just these files. Helm sorts and installs
// it like any other, and has nothing to compute.
func rendered(from *helmchart.Chart, result answer) *helmchart.Chart {
	metadata := *from.Metadata
	metadata.Dependencies = nil // all is in what was rendered
	c := &helmchart.Chart{Metadata: &metadata, Values: from.Values}
	for name, content := range result.Files {
		template := &helmchart.File{Name: inside(name, c)}
		SetText(template, content)
		c.Templates = append(c.Templates, template)
	}
	counts := map[string]bool{}
	for _, name := range result.Definitions {
		counts[name] = true
	}
	for _, d := range from.CRDObjects() {
		if !counts[d.Filename] {
			continue
		}
		name := inside(d.Filename, c)
		if !strings.HasPrefix(name, "crds/") {
			name = path.Join("crds", name) // a subchart's
		}
		c.Files = append(c.Files, &helmchart.File{Name: name, Data: d.File.Data})
	}
	return c
}

// inside is a file's path in the chart's folder.
func inside(name string, c *helmchart.Chart) string {
	return strings.TrimPrefix(name, c.Name()+"/")
}

// quoted is a template that yields what begins an action.
const quoted = `{{"{{"}}`

// TextOf is what a template of a rendered chart yields.
func TextOf(template *helmchart.File) string {
	return strings.ReplaceAll(string(template.Data), quoted, "{{")
}

// SetText makes a template yield a text as it is.
func SetText(template *helmchart.File, text string) {
	template.Data = []byte(strings.ReplaceAll(text, "{{", quoted))
}
