package chartcheck

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// shape is the form of credentials: each value's place and type, sorted by
// place, and the places of values that are empty. Elements of a list share one
// place. In a view, which are the credentials without a bind template, each
// Service and all labels are one value: their fields are Kubernetes', not the
// chart's. binary are texts that stand for bytes.
func shape(credentials json.RawMessage, view bool, binary map[string]bool) (fields []Field, empty []string, err error) {
	var decoded any
	if err := json.Unmarshal(credentials, &decoded); err != nil {
		return nil, nil, fmt.Errorf("reading the credentials: %w", err)
	}
	s := shaping{types: map[string][]string{}, binary: binary}
	if view {
		s.opaque = map[string]string{"services[]": "whole Service", "secrets[].labels": "labels"}
	}
	s.walk("", decoded)
	for _, path := range slices.Sorted(maps.Keys(s.types)) {
		fields = append(fields, Field{Path: path, Type: strings.Join(slices.Compact(slices.Sorted(slices.Values(s.types[path]))), " or ")})
	}
	return fields, slices.Compact(slices.Sorted(slices.Values(s.empty))), nil
}

type shaping struct {
	types  map[string][]string
	empty  []string
	binary map[string]bool
	// opaque are the places of objects that aren't looked into, and what they are.
	opaque map[string]string
}

func (s *shaping) walk(path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		s.object(path, v)
	case []any:
		if len(v) == 0 {
			s.leaf(path, "empty list")
		}
		for _, item := range v {
			s.walk(path+"[]", item)
		}
	case string:
		s.text(path, v)
	case float64:
		s.leaf(path, "number")
	case bool:
		s.leaf(path, "boolean")
	case nil:
		s.leaf(path, "null")
		s.empty = append(s.empty, path)
	}
}

func (s *shaping) text(path, text string) {
	switch {
	case s.binary[text]:
		s.leaf(path, "base64")
		return
	case text == "":
		s.empty = append(s.empty, path)
	}
	s.leaf(path, "string")
}

func (s *shaping) object(path string, fields map[string]any) {
	switch {
	case s.opaque[path] != "":
		s.leaf(path, s.opaque[path])
		return
	case len(fields) == 0 && path != "":
		s.leaf(path, "empty object")
	}
	for key, value := range fields {
		s.walk(below(path, key), value)
	}
}

func (s *shaping) leaf(path, kind string) { s.types[path] = append(s.types[path], kind) }

var plainKey = regexp.MustCompile(`^[\w-]+$`)

func below(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}
