package chart

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// checkTemplates refuses template delimiters, unless the plan allows them:
// charts call tpl on values, and what stands in the delimiters would then run
// with the rights that Helm has, lookup included. Only "{{" begins an action;
// "}}" alone is plain text, and common in JSON that is given as a string.
func (p Plan) checkTemplates(parameters map[string]any) error {
	if p.AllowTemplates {
		return nil
	}
	if path, found := delimiterIn(nil, parameters); found {
		return fmt.Errorf("the parameter %s holds \"{{\", which could be run as a template; parameters are taken literally, leave it out", path)
	}
	return nil
}

// delimiterIn finds a template delimiter in a key or string below a path and
// returns the path to it.
func delimiterIn(at []string, value any) (path string, found bool) {
	switch v := value.(type) {
	case string:
		return where(at), strings.Contains(v, "{{")
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if strings.Contains(key, "{{") {
				return where(append(slices.Clone(at), "(a key)")), true
			}
			if path, found := delimiterIn(append(slices.Clone(at), key), v[key]); found {
				return path, true
			}
		}
	case []any:
		for n, item := range v {
			if path, found := delimiterIn(append(slices.Clone(at), strconv.Itoa(n)), item); found {
				return path, true
			}
		}
	}
	return "", false
}
