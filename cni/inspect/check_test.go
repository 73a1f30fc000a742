package inspect

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestPrograms: what a list needs is what its plugins call, named or not.
func TestPrograms(t *testing.T) {
	for text, want := range map[string][]string{
		`{"plugins": [{"type": "c2c-cni", "delegate": {"type": "cni-wrapper-plugin", "delegate": {"type": "silk-cni"}}}]}`:   {"cni-wrapper-plugin", "silk-cni", "host-local"},
		`{"plugins": [{"type": "c2c-cni", "delegate": {"type": "ptp", "ipam": {"type": "static"}}}, {"type": "bandwidth"}]}`: {"ptp", "static", "bandwidth"},
		`{"plugins": [{"type": "c2c-cni", "delegate": 7}]}`:                                                                  nil,
	} {
		var list configuration
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			t.Fatal(err)
		}
		if got := list.programs(); !slices.Equal(got, want) {
			t.Errorf("%s needs %q, want %q", text, got, want)
		}
	}
}
