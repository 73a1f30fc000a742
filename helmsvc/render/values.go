package render

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// encodeValues writes values as JSON in which a number with a point is a
// float64 and any other an int64: templates can tell the two apart.
func encodeValues(values map[string]any) json.RawMessage {
	text, err := json.Marshal(pointed(values))
	if err != nil {
		return json.RawMessage("null") // values come from JSON and YAML, which have nothing else
	}
	return text
}

func pointed(value any) any {
	switch v := value.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, item := range v {
			all[key] = pointed(item)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, item := range v {
			all[i] = pointed(item)
		}
		return all
	case float64:
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return json.Number(text)
	}
	return value
}

// decodeValues reads what encodeValues has written.
func decodeValues(text json.RawMessage) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var values map[string]any
	err := decoder.Decode(&values)
	return numbered(values).(map[string]any), err
}

func numbered(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = numbered(item)
		}
	case []any:
		for i, item := range v {
			v[i] = numbered(item)
		}
	case json.Number:
		if whole, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return whole
		}
		fraction, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return fraction
	}
	return value
}
