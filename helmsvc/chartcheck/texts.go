package chartcheck

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// textsOf are all texts of an object but its metadata, as `key=text`: variables by
// their name, values of Secrets decoded, and the words of a command as one.
func textsOf(o *unstructured.Unstructured) []string {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(o.Object)) {
		value := o.Object[key]
		switch {
		case key == "metadata" || key == "kind" || key == "apiVersion":
			continue
		case key == "data" && o.GetKind() == "Secret" && o.GetAPIVersion() == "v1":
			value = decodedValues(value)
		}
		found = append(found, textsIn(key, value)...)
	}
	return found
}

func textsIn(key string, value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		return []string{key + "=" + withoutComments(v)}
	case []any:
		var words []string
		for _, item := range v {
			if word, ok := item.(string); ok {
				words = append(words, word)
				continue
			}
			found = append(found, textsIn(key, item)...)
		}
		if len(words) > 0 {
			found = append(found, key+"="+withoutComments(strings.Join(words, " ")))
		}
	case map[string]any:
		name, named := v["name"].(string)
		text, valued := v["value"].(string)
		if named && valued {
			return []string{name + "=" + text}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			found = append(found, textsIn(key, v[key])...)
		}
	}
	return found
}

func decodedValues(data any) any {
	values, _ := data.(map[string]any)
	decoded := map[string]any{}
	for key, value := range values {
		text, _ := value.(string)
		plain, err := base64.StdEncoding.DecodeString(text)
		if err == nil { // else a mistake, which is told elsewhere
			decoded[key] = string(plain)
		}
	}
	return decoded
}

// withoutComments leaves out lines that say nothing to programs.
func withoutComments(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
