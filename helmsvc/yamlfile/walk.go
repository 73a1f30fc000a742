package yamlfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// walk holds YAML against a type, and collects what doesn't fit.
type walk struct {
	file   string
	strict bool
	wrong  []string
}

func (w *walk) mistake(n *yaml.Node, path, format string, arguments ...any) {
	text := fmt.Sprintf("%s:%d: ", w.file, n.Line)
	if path != "" {
		text += path + ": "
	}
	w.wrong = append(w.wrong, text+fmt.Sprintf(format, arguments...))
}

var reader = reflect.TypeFor[json.Unmarshaler]()

// look holds one node, which stands at the path, against a type.
func (w *walk) look(n *yaml.Node, want reflect.Type, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null", want.Kind() == reflect.Interface, reflect.PointerTo(want).Implements(reader):
	case want.Kind() == reflect.Slice:
		w.list(n, want, path)
	case want.Kind() == reflect.Struct:
		w.fields(n, fieldsOf(want), path)
	case want.Kind() == reflect.Map:
		w.entries(n, want, path)
	case !fits(n, want.Kind()):
		w.mistake(n, path, "%s is expected, and it is %s", expected(want.Kind()), found(n))
	}
}

func (w *walk) list(n *yaml.Node, want reflect.Type, path string) {
	if n.Kind != yaml.SequenceNode {
		w.mistake(n, path, "a list is expected, and it is %s", found(n))
		return
	}
	for i, item := range n.Content {
		at := path
		if at == "" {
			at = "entry"
		}
		w.look(item, want.Elem(), fmt.Sprintf("%s %d", at, i+1))
	}
}

func (w *walk) fields(n *yaml.Node, known map[string]reflect.Type, path string) {
	if n.Kind != yaml.MappingNode {
		w.mistake(n, path, "keys with values are expected, and it is %s", found(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		of, knows := known[key.Value]
		switch {
		case key.Tag == "!!merge":
		case seen[key.Value]:
			w.mistake(key, path, "the key %q is there twice", key.Value)
		case knows:
			w.look(value, of, below(path, key.Value))
		case w.strict:
			w.mistake(key, path, "the key %q isn't known%s", key.Value, meant(key.Value, known))
		}
		seen[key.Value] = true
	}
}

func (w *walk) entries(n *yaml.Node, want reflect.Type, path string) {
	if n.Kind != yaml.MappingNode {
		w.mistake(n, path, "keys with values are expected, and it is %s", found(n))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		w.look(n.Content[i+1], want.Elem(), below(path, n.Content[i].Value))
	}
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + ": " + key
}

// fieldsOf are a struct's by their JSON names, those of embedded ones included.
func fieldsOf(of reflect.Type) map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			all[name] = f.Type
		}
	}
	return all
}

// meant is the key that may have been meant: one that differs in its case or its
// separators, or by a letter or two.
func meant(key string, known map[string]reflect.Type) string {
	nearest, best := 3, ""
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if d := distance(plain(key), plain(name)); d < nearest && d <= len(name)/2 {
			nearest, best = d, name
		}
	}
	if best == "" {
		return ""
	}
	return "; is " + best + " meant?"
}

func plain(key string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(key))
}

// distance is how many letters have to be put in, taken out or changed to make one
// text the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func fits(n *yaml.Node, kind reflect.Kind) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	switch kind {
	case reflect.String:
		return true // numbers and the like are taken as they are written
	case reflect.Bool:
		return n.Decode(new(bool)) == nil // "yes" too
	case reflect.Float32, reflect.Float64:
		return n.Tag == "!!int" || n.Tag == "!!float"
	}
	return n.Tag == "!!int"
}

func expected(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

func found(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "keys with values"
	}
	switch n.Tag {
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "the number " + n.Value
	}
	return "a text"
}
