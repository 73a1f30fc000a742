package manifest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// differences returns the fields in which a live object isn't what was
// rendered: those that it lacks or holds another value of, and those that were
// rendered before, aren't any more, and are still there. What else it holds,
// defaults say, or what a webhook or a controller has added, is nobody's
// mistake. All three are stated, see there. before may be nil.
//
// No value is returned: it may be a secret.
func differences(before, wanted, live map[string]any) []string {
	var d comparison
	d.compare("", orNil(before), wanted, live)
	return d.fields
}

func orNil(m map[string]any) any {
	if m == nil {
		return nil
	}
	return m
}

type comparison struct{ fields []string }

func (d *comparison) add(path, what string) { d.fields = append(d.fields, path+what) }

func (d *comparison) compare(path string, before, wanted, live any) {
	switch w := wanted.(type) {
	case map[string]any:
		d.compareMaps(path, before, w, live)
	case []any:
		d.compareLists(path, before, w, live)
	default:
		if !sameScalar(wanted, live) {
			d.add(path, "")
		}
	}
}

func (d *comparison) compareMaps(path string, before any, wanted map[string]any, live any) {
	have, isMap := live.(map[string]any)
	if !isMap && len(wanted) > 0 {
		d.add(path, "")
		return
	}
	was, _ := before.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		d.compare(fieldBelow(path, key), was[key], wanted[key], have[key])
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, stays := wanted[key]; !stays && holds(have[key], was[key]) {
			d.add(fieldBelow(path, key), " (which the chart no longer has)")
		}
	}
}

// compareLists holds each rendered item of a list of objects against an item of
// its own: what the key of such a list is, and what two items with one key come
// to, differs from client to client, and so entries are lost.
func (d *comparison) compareLists(path string, before any, wanted []any, live any) {
	have, _ := live.([]any)
	if !slices.ContainsFunc(wanted, isObject) {
		if len(have) != len(wanted) || !slices.EqualFunc(wanted, have, func(a, b any) bool { return holds(b, a) }) {
			d.add(path, "")
		}
		return
	}
	was, _ := before.([]any)
	taken := make([]bool, len(have))
	pairs := make([]int, len(wanted))
	for i, item := range wanted {
		pairs[i] = match(item, have, taken, i, holds)
	}
	for i, item := range wanted {
		below := path + "[" + nameOf(item, i) + "]"
		if pairs[i] < 0 {
			pairs[i] = match(item, have, taken, i, sameItem)
		}
		if pairs[i] < 0 {
			d.add(below, "")
			continue
		}
		d.compare(below, counterpart(item, was, i), item, have[pairs[i]])
	}
	for j, extra := range have {
		left := func(item any) bool { return isObject(item) && holds(extra, item) }
		if i := slices.IndexFunc(was, left); !taken[j] && i >= 0 {
			d.add(path+"["+nameOf(was[i], i)+"]", " (which the chart no longer has)")
		}
	}
}

// match takes the first free item of a list that fits, the one at the same
// place if it can be had. It returns -1 if there is none.
func match(item any, list []any, taken []bool, place int, fits func(live, wanted any) bool) int {
	found := -1
	if place < len(list) && !taken[place] && fits(list[place], item) {
		found = place
	}
	for j := 0; found < 0 && j < len(list); j++ {
		if !taken[j] && fits(list[j], item) {
			found = j
		}
	}
	if found >= 0 {
		taken[found] = true
	}
	return found
}

// holds tells whether a live value holds all that a rendered one says.
// A rendered value that is empty says nothing.
func holds(live, wanted any) bool {
	if m, isMap := wanted.(map[string]any); isMap && len(m) == 0 && live == nil {
		return false
	}
	var d comparison
	d.compare("", nil, wanted, live)
	return len(d.fields) == 0
}

// sameItem tells whether two items of a list are one, with another content.
func sameItem(live, wanted any) bool {
	a, _ := live.(map[string]any)
	b, _ := wanted.(map[string]any)
	return a["name"] != nil && a["name"] == b["name"]
}

// counterpart is what an item of a list was before.
func counterpart(item any, was []any, place int) any {
	for _, old := range was {
		if sameItem(old, item) {
			return old
		}
	}
	if named, isMap := item.(map[string]any); isMap && named["name"] == nil && place < len(was) {
		return was[place]
	}
	return nil
}

func isObject(value any) bool { _, is := value.(map[string]any); return is }

func nameOf(item any, place int) string {
	if m, isMap := item.(map[string]any); isMap {
		if name, named := m["name"].(string); named {
			return name
		}
	}
	return fmt.Sprint(place)
}

func fieldBelow(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// sameScalar compares values as JSON has them: 1 and 1.0 are the same number.
func sameScalar(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, isNumber := asFloat(a)
	y, isToo := asFloat(b)
	return isNumber && isToo && cmp.Compare(x, y) == 0
}

func asFloat(value any) (float64, bool) {
	switch n := value.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}
