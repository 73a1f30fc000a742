package chart

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	helmchart "helm.sh/helm/v3/pkg/chart"
)

// knownDrafts are what a schema may say it is of without anything being fetched.
var knownDrafts = []string{
	"http://json-schema.org/schema", "http://json-schema.org/draft-04/schema", "http://json-schema.org/draft-06/schema", "http://json-schema.org/draft-07/schema",
	"https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema",
}

// keepLocal takes out of the schemas of a chart and its subcharts what refers to
// others: Helm would fetch those, a file of the broker's machine or its cloud's
// metadata service too, each time that values are held against them. The other
// rules stay. It returns the names of the charts whose schemas did.
func keepLocal(c *helmchart.Chart) (abroad []string) {
	if schema, changed := localSchema(c.Schema); changed {
		c.Schema = schema
		abroad = append(abroad, c.Name())
	}
	for _, sub := range c.Dependencies() {
		abroad = append(abroad, keepLocal(sub)...)
	}
	return abroad
}

func localSchema(text []byte) (local []byte, changed bool) {
	if len(text) == 0 {
		return text, false
	}
	if _, err := parseSchema(text); err == nil || !refersAbroad(err) {
		return text, false
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return text, false
	}
	withoutReferences(document)
	local, err = json.Marshal(document)
	if err != nil {
		return text, false
	}
	return local, true
}

// withoutReferences takes out what refers to another document.
func withoutReferences(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			if to, isText := below.(string); isText && leadsAbroad(key, to) {
				delete(v, key)
				continue
			}
			withoutReferences(below)
		}
	case []any:
		for _, below := range v {
			withoutReferences(below)
		}
	}
}

func leadsAbroad(key, to string) bool {
	switch key {
	case "$ref", "$dynamicRef", "$recursiveRef":
		return !strings.HasPrefix(to, "#")
	case "$schema":
		return !slices.Contains(knownDrafts, strings.TrimSuffix(to, "#"))
	}
	return false
}
