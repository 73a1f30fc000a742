package broker

import (
	"strings"
	"testing"
)

// TestReservedIDs are those whose namespaces are somebody else's.
func TestReservedIDs(t *testing.T) {
	for _, c := range []struct {
		prefix, id string
		reserved   bool
	}{
		{"cf-helm", "broker", true},
		{"cf-helm", "operator-redis", true},
		{"kube", "system", true},
		{"cf-helm", "brokers", false},
		{"cf-helm", "operator", false},
		{"cf-helm", "0c6cdb15-b6a0-4fd1-9d12-3a1e4f9c2a11", false},
	} {
		b := New(nil, nil, nil, nil, nil, c.prefix, "cf-helm-broker", false)
		err := b.checkReserved(c.id)
		if (err != nil) != c.reserved || err != nil && !strings.Contains(err.Error(), "use a lower-case UUID") {
			t.Errorf("the id %s with the prefix %s: %v", c.id, c.prefix, err)
		}
	}
}
