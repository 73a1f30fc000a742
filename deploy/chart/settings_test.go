package chart_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// byValues are the settings that the chart sets itself: from values of their own, or
// because the pod needs them so.
var byValues = []string{
	"BROKER_NAMESPACE", "NAMESPACE_PREFIX", "SECURITY_USER_NAME", "SECURITY_USER_PASSWORD", "PORT", "TLS_CERT_FILE", "TLS_KEY_FILE",
	"CF_API_ADDRESS", "CF_CLIENT_ID", "CF_CLIENT_SECRET", "CF_BROKER_URL", "CF_BROKER_NAME", "CHART_SOURCES", "CHART_CACHE_DIR",
}

const schema = "values.schema.json"

// propertiesOf finds the list of settings below a value of the schema.
func propertiesOf(value string) *regexp.Regexp {
	return regexp.MustCompile(`("` + value + `": \{\s*"type": "object",\s*"additionalProperties": false,\s*"properties": )\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}`)
}

// TestSchemaKnowsTheSettings: a setting that the broker doesn't have is refused before
// anything is installed. With -update the list is written.
func TestSchemaKnowsTheSettings(t *testing.T) {
	want := read(t, schema)
	for value, kind := range map[string]string{"settings": "setting", "secretSettings": "secretSetting"} {
		properties := map[string]any{}
		for _, name := range settings(t) {
			if !slices.Contains(byValues, name) {
				properties[name] = map[string]string{"$ref": "#/$defs/" + kind}
			}
		}
		list, err := json.MarshalIndent(properties, "      ", "  ")
		if err != nil {
			t.Fatal(err)
		}
		place := propertiesOf(value)
		if !place.MatchString(want) {
			t.Fatalf("the list of %s isn't where it is looked for in %s", value, schema)
		}
		want = place.ReplaceAllLiteralString(want, place.FindStringSubmatch(want)[1]+oneLineEach(list))
	}
	if *update {
		write(t, schema, want)
	}
	if read(t, schema) != want {
		t.Error("values.schema.json has another list of settings than the broker: run make manifests")
	}
}

// oneLineEach puts the innermost objects of JSON on one line.
func oneLineEach(text []byte) string {
	return regexp.MustCompile(`\{\s*("\$ref": "[^"]*")\s*\}`).ReplaceAllString(string(text), "{${1}}")
}

// settings are the names of the broker's, in order.
func settings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(root + "/cmd/broker/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if field, ok := node.(*ast.Field); ok && field.Tag != nil {
				if name := settingOf(t, field.Tag.Value); name != "" {
					found[name] = true
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

func settingOf(t *testing.T, literal string) string {
	t.Helper()
	tag, err := strconv.Unquote(literal)
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(reflect.StructTag(tag).Get("env"), ",")
	return name
}
