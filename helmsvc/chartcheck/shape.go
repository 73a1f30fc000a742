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
// place. With whole Services, as in credentials without a bind template, each
// Service is one value: its fields are Kubernetes', not the chart's.
func shape(credentials json.RawMessage, wholeServices bool) (fields []Field, empty []string, err error) {
	var decoded any
	if err := json.Unmarshal(credentials, &decoded); err != nil {
		return nil, nil, fmt.Errorf("reading the credentials: %w", err)
	}
	s := shaping{types: map[string][]string{}}
	if wholeServices {
		s.opaque = "services[]"
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
	opaque string
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
		s.leaf(path, "string")
		if v == "" {
			s.empty = append(s.empty, path)
		}
	case float64:
		s.leaf(path, "number")
	case bool:
		s.leaf(path, "boolean")
	case nil:
		s.leaf(path, "null")
		s.empty = append(s.empty, path)
	}
}

func (s *shaping) object(path string, fields map[string]any) {
	switch {
	case path != "" && path == s.opaque:
		s.leaf(path, "whole Service")
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
