package chart

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// asKibosh tells whether Kibosh would have offered the chart, and so rendered its
// values.yaml: it has files of Kibosh's, and Helm 2 could load it. Other charts
// hand such values to tpl themselves.
func asKibosh(files *contents) bool {
	return len(files.own) > 0 && files.chart.Metadata.APIVersion == helmchart.APIVersionV1
}

// kiboshValues are those of values.yaml that hold templates, rendered with the
// chart's helpers, .Release, .Chart and, as .Values, values.yaml as it is written.
// They are empty for a chart that wasn't made for Kibosh.
func (s Service) kiboshValues(ctx context.Context, release, namespace string) (map[string]any, error) {
	held := templated(s.chart.Values)
	if !s.kibosh || len(held) == 0 {
		return map[string]any{}, nil
	}
	var templates []string
	_ = eachText(nil, held, func(at []string, template string) string {
		templates = append(templates, s.steady(at, template))
		return template
	})
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	whole, err := s.renderText(ctx, text{name: "values.yaml's templates", content: []byte(strings.Join(templates, between))}, nil, options)
	if err != nil {
		return nil, fmt.Errorf("%w (values.yaml is rendered, as Kibosh did, since Chart.yaml says apiVersion v1 and the chart has plans.yaml or bind.yaml; with apiVersion v2 it is left as it is)", err)
	}
	texts := strings.Split(whole, between)
	if len(texts) != len(templates) {
		return nil, errors.New("values.yaml holds a template that begins in one value and ends in another; let each value hold whole ones")
	}
	return eachText(nil, held, func([]string, string) string {
		next := texts[0]
		texts = texts[1:]
		return next
	}).(map[string]any), nil
}

// between is a character that no YAML holds as it is.
const between = "\x1e"

// eachText is the value, which is at the path, with each text in it, by the order of
// keys, replaced.
func eachText(at []string, value any, by func(at []string, text string) string) any {
	switch v := value.(type) {
	case string:
		return by(at, v)
	case map[string]any:
		replaced := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			replaced[key] = eachText(append(slices.Clone(at), key), v[key], by)
		}
		return replaced
	case []any:
		var replaced []any
		for n, item := range v {
			replaced = append(replaced, eachText(append(slices.Clone(at), strconv.Itoa(n)), item, by))
		}
		return replaced
	}
	return value
}

var (
	randomText = regexp.MustCompile(`\{\{\s*randAlphaNum\s+([0-9]{1,3})\s*\}\}`)
	randomCall = regexp.MustCompile(`\b(rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|uuidv4|gen(PrivateKey|CA|SelfSignedCert|SignedCert)\w*|htpasswd|bcrypt)\b`)
)

// steady is the template with what it makes up, where that is a text of letters and
// digits, being the instance's for its life: Kibosh rendered values.yaml once, and
// here each update does. An instance from before there were seeds has none.
func (s Service) steady(at []string, template string) string {
	n := 0
	return randomText.ReplaceAllStringFunc(template, func(call string) string {
		length, _ := strconv.Atoi(randomText.FindStringSubmatch(call)[1]) // digits
		n++
		text, err := derive(s.seed, fmt.Sprintf("values.yaml %d %q", n, at), length)
		if err != nil {
			return call
		}
		return text
	})
}

// templated are the values that hold templates; of a list that does, all items,
// since lists are replaced whole.
func templated(values map[string]any) map[string]any {
	held := map[string]any{}
	for key, value := range values {
		below, isMap := value.(map[string]any)
		switch {
		case isMap:
			if below = templated(below); len(below) > 0 {
				held[key] = below
			}
		case holdsTemplate(value):
			held[key] = value
		}
	}
	return held
}

func holdsTemplate(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, "{{")
	case []any:
		return slices.ContainsFunc(v, holdsTemplate)
	case map[string]any:
		return len(templated(v)) > 0
	}
	return false
}

var callsTpl = regexp.MustCompile(`\btpl\b`)

// DoubtfulValues says which of the chart's own values hold templates that yield something
// else than their author thinks: that nobody renders, neither the broker, as for
// charts that were made for Kibosh, nor a template of the chart by tpl; or that each
// update renders to something else.
func (s Service) DoubtfulValues() []string {
	if s.kibosh {
		return s.unsteady()
	}
	if usesTpl(s.chart) {
		return nil
	}
	var found []string
	for _, at := range leaves(nil, templated(s.chart.Values)) {
		found = append(found, fmt.Sprintf("values.yaml: %s holds \"{{\", which the chart gets as it is written: none of its templates calls tpl. Values are rendered in plan files; move it to one, or, if the chart was made for Kibosh, see that it has apiVersion v1, and plans.yaml or bind.yaml",
			where(at)))
	}
	return found
}

// unsteady says which values are made up anew by each update.
func (s Service) unsteady() (found []string) {
	_ = eachText(nil, templated(s.chart.Values), func(at []string, template string) string {
		if call := randomCall.FindString(randomText.ReplaceAllString(template, "")); call != "" {
			found = append(found, fmt.Sprintf("values.yaml: %s is made up by %s, and anew by each update; of what is random only {{ randAlphaNum 24 }} stays, or `generated` in a plan file", where(at), call))
		}
		return template
	})
	return found
}

func usesTpl(c *helmchart.Chart) bool {
	calls := func(t *helmchart.File) bool { return callsTpl.Match(t.Data) }
	return slices.ContainsFunc(c.Templates, calls) || slices.ContainsFunc(c.Dependencies(), usesTpl)
}

// leaves are the paths of what isn't a map, in order.
func leaves(at []string, values map[string]any) [][]string {
	var found [][]string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		path := append(slices.Clone(at), key)
		if below, isMap := values[key].(map[string]any); isMap {
			found = append(found, leaves(path, below)...)
			continue
		}
		found = append(found, path)
	}
	return found
}
