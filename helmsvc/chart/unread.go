package chart

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// UnreadParameters says which parameters the plan lets developers set that nothing reads,
// misspelt ones most likely: neither the chart's values nor any of its templates and
// schemas has their first key. What is below that may be read as a whole.
func (s Service) UnreadParameters(p Plan) (found []string) {
	text := readers(s.chart)
	if s.Bind != nil {
		text += s.Bind.Text
	}
	for _, allowed := range p.AllowedParameters {
		key, _, _ := strings.Cut(allowed, ".")
		if _, there := s.chart.Values[key]; !there && !p.reach.has(key) && !names(text, key) {
			found = append(found, fmt.Sprintf("plans.yaml: plan %q lets developers set %s, which nothing reads: the chart has no value %s", p.Name, allowed, key))
		}
	}
	return found
}

// has tells whether subcharts are reached by the key.
func (r reach) has(key string) bool {
	return slices.ContainsFunc(slices.Concat(r.subcharts, r.beyond), func(path []string) bool { return path[0] == key })
}

// names tells whether a text has the key as a field, .Values.key say, or as a string.
func names(text, key string) bool {
	return regexp.MustCompile("[.\"'`]" + regexp.QuoteMeta(key) + `\b`).MatchString(text)
}

// readers are the templates, schemas and conditions of dependencies of the chart and its subcharts.
func readers(c *helmchart.Chart) string {
	var text strings.Builder
	text.Write(c.Schema)
	for _, template := range c.Templates {
		text.Write(template.Data)
	}
	for _, dependency := range c.Metadata.Dependencies {
		text.WriteString(" ." + strings.ReplaceAll(dependency.Condition, ",", " ."))
	}
	for _, sub := range c.Dependencies() {
		text.WriteString(readers(sub))
	}
	return text.String()
}
