package generated

import (
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// identity is what tells an object from others.
type identity struct{ group, kind, namespace, name string }

type object struct {
	identity
	fields   map[string]any
	document *document
}

func identityOf(fields map[string]any) identity {
	metadata, _ := fields["metadata"].(map[string]any)
	text := func(in map[string]any, key string) string {
		value, _ := in[key].(string)
		return value
	}
	group, _, grouped := strings.Cut(text(fields, "apiVersion"), "/")
	if !grouped {
		group = ""
	}
	return identity{group, text(fields, "kind"), text(metadata, "namespace"), text(metadata, "name")}
}

func (o *object) isSecret() bool { return o.group == "" && o.kind == "Secret" }

func (o *object) isHook() bool {
	metadata, _ := o.fields["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	return annotations["helm.sh/hook"] != nil
}

// secretData is what the API server makes of data and stringData.
func (o *object) secretData() map[string]string {
	all := map[string]string{}
	data, _ := o.fields["data"].(map[string]any)
	for key, value := range data {
		text, _ := value.(string)
		if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil {
			all[key] = string(plain)
		}
	}
	texts, _ := o.fields["stringData"].(map[string]any)
	for key, value := range texts {
		if text, isText := value.(string); isText {
			all[key] = text
		}
	}
	return all
}

// setSecret sets a key of a Secret where the chart does, in a form that holds it.
func (o *object) setSecret(key, value string) {
	o.document.changed = true
	texts, _ := o.fields["stringData"].(map[string]any)
	if _, isText := texts[key]; isText && utf8.ValidString(value) {
		texts[key] = value
		return
	}
	delete(texts, key)
	data, _ := o.fields["data"].(map[string]any)
	if data == nil {
		data = map[string]any{}
		o.fields["data"] = data
	}
	data[key] = base64.StdEncoding.EncodeToString([]byte(value))
}

// difference is a value that isn't the same in both renderings.
type difference struct {
	path          *step
	first, second any
	before        any
}

// step is a key or, in a list, a name or place: the last on the way to a value.
type step struct {
	from *step // nil at the first
	name string
}

// names are all on the way.
func (s *step) names() []string {
	var all []string
	for ; s != nil; s = s.from {
		all = append(all, s.name)
	}
	slices.Reverse(all)
	return all
}

// isCertificate tells whether the value is one, as it is or in base64, as a caBundle is.
func (d difference) isCertificate() bool {
	text, _ := d.first.(string)
	if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
		text = string(plain)
	}
	return d.path.name == "caBundle" || strings.Contains(text, certificateBegins)
}

// walk sees each difference between an object and its twin, but for Secrets' data,
// and puts in its place what see returns. Both others may be nil.
func (o *object) walk(twin, before *object, see func(difference) any) {
	of := func(other *object) map[string]any {
		if other == nil {
			return nil
		}
		return other.fields
	}
	second, was := of(twin), of(before)
	for _, key := range sortedKeys(o.fields) {
		if o.isSecret() && (key == "data" || key == "stringData") {
			continue
		}
		d := difference{&step{nil, key}, o.fields[key], second[key], was[key]}
		if seen := each(d, see); !reflect.DeepEqual(seen, o.fields[key]) {
			o.fields[key] = seen
			if o.document != nil {
				o.document.changed = true
			}
		}
	}
}

// each is the first of two values with all in which they differ replaced.
func each(d difference, see func(difference) any) any {
	if reflect.DeepEqual(d.first, d.second) {
		return d.first
	}
	switch first := d.first.(type) {
	case map[string]any:
		second, _ := d.second.(map[string]any)
		before, _ := d.before.(map[string]any)
		all := make(map[string]any, len(first))
		for _, key := range sortedKeys(first) {
			all[key] = each(difference{&step{d.path, key}, first[key], second[key], before[key]}, see)
		}
		return all
	case []any:
		second, _ := d.second.([]any)
		before, _ := d.before.([]any)
		all := make([]any, len(first))
		for i, item := range first {
			all[i] = each(difference{&step{d.path, nameOf(item, i)}, item, at(second, i), at(before, i)}, see)
		}
		return all
	}
	return see(d)
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// nameOf is what tells an item of a list from others, in brackets.
func nameOf(item any, place int) string {
	fields, _ := item.(map[string]any)
	if name, named := fields["name"].(string); named {
		return "[" + name + "]"
	}
	return "[" + strconv.Itoa(place) + "]"
}
