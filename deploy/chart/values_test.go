package chart_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"
)

// TestWrongValuesAreRefused: before anything is installed, in words that name the value.
func TestWrongValuesAreRefused(t *testing.T) {
	loaded := load(t)
	for name, c := range map[string]struct{ values, words string }{
		"unknown":             {`{image: {name: x}}`, "at '/image': additional properties 'name' not allowed"},
		"unknown at the top":  {`{replicaCount: 3}`, "additional properties 'replicaCount' not allowed"},
		"setting":             {`{settings: {OPERATION_TIMOUT: 5m}}`, "at '/settings': additional properties 'OPERATION_TIMOUT' not allowed"},
		"a value's setting":   {`{settings: {CF_API_ADDRESS: "https://api.example.com"}}`, "at '/settings': additional properties 'CF_API_ADDRESS' not allowed"},
		"setting's kind":      {`{settings: {ENFORCE: [c2c]}}`, "at '/settings/ENFORCE'"},
		"secret setting":      {`{secretSettings: {REG_PASS: {key: x}}}`, "missing property 'secret'"},
		"no replica":          {`{replicas: 0}`, "at '/replicas': minimum"},
		"prefix":              {`{namespacePrefix: "cf_helm"}`, "at '/namespacePrefix'"},
		"long prefix":         {`{namespacePrefix: a123456789-123456789-123456}`, "at '/namespacePrefix'"},
		"user":                {`{login: {user: "a:b"}}`, "at '/login/user'"},
		"digest":              {`{image: {digest: sha1:0f}}`, "at '/image/digest'"},
		"api":                 {`{cf: {api: api.example.com}}`, "at '/cf/api'"},
		"kind":                {`{clusterObjects: {kinds: [ClusterRole]}}`, "at '/clusterObjects/kinds/0'"},
		"ingress without TLS": {`{ingress: {host: broker.example.com}}`, "at '/ingress/tlsSecret': minLength"},
		"ingress with a URL":  {`{ingress: {host: "https://broker.example.com", tlsSecret: x}}`, "at '/ingress/host'"},
		"route to nowhere":    {`{gateway: {host: broker.example.com}}`, "at '/gateway/parent/name': minLength"},
		"register where":      {`{register: {enabled: true}}`, "at '/cf/api': minLength"},
		"registers itself":    {`{settings: {CF_BROKER_REGISTER: true}}`, "at '/cf/api': minLength"},
		"pull policy":         {`{image: {pullPolicy: never}}`, "'Always', 'IfNotPresent', 'Never'"},
	} {
		t.Run(name, func(t *testing.T) {
			given, err := chartutil.ReadValues([]byte(c.values))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := render(loaded, given, release("broker", "brokers")); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s: %v, want words like %q", c.values, err, c.words)
			}
		})
	}
}

// TestValuesAreInTheSchema: values.yaml has each value that the schema knows, and no other.
func TestValuesAreInTheSchema(t *testing.T) {
	var known property
	if err := json.Unmarshal([]byte(read(t, schema)), &known); err != nil {
		t.Fatal(err)
	}
	delete(known.Properties, "global") // Helm's own
	compare(t, "", known, values(t, "values.yaml"))
}

// property is what is read of the schema.
type property struct {
	Properties map[string]property `json:"properties"`
}

func compare(t *testing.T, path string, known property, given map[string]any) {
	t.Helper()
	if path == "settings." || path == "secretSettings." {
		return // names of settings; none is set
	}
	for name, p := range known.Properties {
		value, found := given[name]
		if !found {
			t.Errorf("values.yaml doesn't have %s%s", path, name)
		}
		if inner, ok := value.(map[string]any); ok && p.Properties != nil {
			compare(t, path+name+".", p, inner)
		}
	}
	for name := range given {
		if _, found := known.Properties[name]; !found {
			t.Errorf("the schema doesn't know %s%s", path, name)
		}
	}
}

// TestValuesAreExplained: above each value at the top, or above one of those in it, stands
// what it is.
func TestValuesAreExplained(t *testing.T) {
	text := read(t, "values.yaml")
	if err := yaml.UnmarshalStrict([]byte(text), &map[string]any{}); err != nil {
		t.Fatal(err)
	}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if !strings.Contains(paragraph, "# ") {
			t.Errorf("nothing explains\n%s", paragraph)
		}
	}
	if top := regexp.MustCompile(`(?m)^[a-z]\S*:`).FindAllString(text, -1); len(top) != len(values(t, "values.yaml")) {
		t.Errorf("values.yaml has %d values at the top, %d of which are read", len(top), len(values(t, "values.yaml")))
	}
}
