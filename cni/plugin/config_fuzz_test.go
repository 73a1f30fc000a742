package plugin

import (
	"encoding/json"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// FuzzConfig: what can be read as a configuration can be handed on, and its metadata
// is the plugin's, whatever stands there.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{
		`{"cniVersion":"1.1.0","name":"n","delegate":{"type":"x","metadata":{"policy_group_id":"mine"}}}`,
		`{"cniVersion":"1.0.0","name":"n","delegate":{"type":"x","metadata":null},"prevResult":{"cniVersion":"1.0.0"},"runtimeConfig":{}}`,
		`{"delegate":{"type":"x","cniVersion":5}}`, `{"delegate":null}`, `[]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := readConfig(text)
		if err != nil {
			return
		}
		made, err := c.forDelegate(metadata("c1", podgroup.Membership{Group: group}))
		if err != nil {
			return
		}
		var told struct {
			Metadata map[string]any `json:"metadata"`
		}
		if err := json.Unmarshal(made, &told); err != nil || told.Metadata["policy_group_id"] != group {
			t.Errorf("of %s the delegate is told %s, %v", text, made, err)
		}
	})
}
