package chart

import (
	"encoding/json"
	"math"
	"slices"
)

// largeNumber is from which number on, and from which length of a text, list or
// map, a parameter may be why a chart is too much to render.
const largeNumber = 1000

// LargeParameters are the paths of parameters that are large, the first few of
// them: numbers far from 0, long texts, lists and maps. It quotes no value.
func LargeParameters(parameters json.RawMessage) []string {
	const most = 5
	decoded, err := DecodeParameters(parameters)
	if err != nil {
		return nil
	}
	var found []string
	collectLarge(decoded, nil, &found)
	slices.Sort(found)
	return found[:min(len(found), most)]
}

func collectLarge(value any, at []string, found *[]string) {
	size := 0.0
	switch v := value.(type) {
	case map[string]any:
		size = float64(len(v))
		for key, item := range v {
			collectLarge(item, append(slices.Clone(at), key), found)
		}
	case []any:
		size = float64(len(v))
	case string:
		size = float64(len(v))
	case int64:
		size = math.Abs(float64(v))
	case float64:
		size = math.Abs(v)
	}
	if size >= largeNumber && len(at) > 0 {
		*found = append(*found, where(at))
	}
}
