package render

import (
	"strings"

	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// mostValues is how many values, lists and maps included, the manifests of a
// chart may have altogether. Each takes a hundred times the memory, once it is
// read, of the three bytes that it may take in a text.
const mostValues = 200_000

// tooDense tells whether the manifests have more values than they may. What isn't
// YAML has none: that is for Helm to say.
func tooDense(files map[string]string) bool {
	left := mostValues
	for _, text := range files {
		for _, manifest := range releaseutil.SplitManifests(text) {
			if left -= valuesIn(manifest, left); left < 0 {
				return true
			}
		}
	}
	return false
}

// valuesIn counts the values of a manifest. Only one that might have more than
// some is read: without anchors, which are short for more, each value has a line
// or a character of its own.
func valuesIn(manifest string, some int) int {
	most := 1
	for _, mark := range []string{"\n", ",", "[", "{", ":"} {
		most += strings.Count(manifest, mark)
	}
	if most <= some && !strings.Contains(manifest, "&") {
		return most
	}
	var decoded any
	if yaml.Unmarshal([]byte(manifest), &decoded) != nil {
		return 0
	}
	return count(decoded)
}

func count(decoded any) int {
	values := 1
	switch v := decoded.(type) {
	case map[string]any:
		for _, of := range v {
			values += count(of)
		}
	case []any:
		for _, of := range v {
			values += count(of)
		}
	}
	return values
}
