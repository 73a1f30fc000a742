package helmsvc_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// chartOf is a chart of these templates, with these subcharts.
func chartOf(name string, templates map[string]string, subcharts ...*helmchart.Chart) *helmchart.Chart {
	c := &helmchart.Chart{Metadata: &helmchart.Metadata{APIVersion: "v2", Name: name, Version: "1.0.0"}, Values: map[string]any{}}
	for _, file := range slices.Sorted(maps.Keys(templates)) {
		c.Templates = append(c.Templates, &helmchart.File{Name: "templates/" + file, Data: []byte(templates[file])})
	}
	c.AddDependency(subcharts...)
	return c
}

// object is a manifest with a spec, given as YAML on one line.
func object(apiVersion, kind, name, spec string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s}\nspec: %s\n---\n", apiVersion, kind, name, spec)
}

// podTemplate is a pod template of these images; more goes before them.
func podTemplate(name, more string, images ...string) string {
	return fmt.Sprintf(`{metadata: {labels: {app: %s}}, spec: {%s containers: [%s]}}`, name, more, containers(images...))
}

func containers(images ...string) string {
	var list []string
	for i, image := range images {
		list = append(list, fmt.Sprintf(`{name: c%d, image: %q}`, i, image))
	}
	return strings.Join(list, ", ")
}

// workload is the spec of an apps object.
func workload(name, more string, images ...string) string {
	return fmt.Sprintf(`{selector: {matchLabels: {app: %s}}, template: %s}`, name, podTemplate(name, more, images...))
}
