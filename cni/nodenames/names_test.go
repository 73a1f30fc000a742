package nodenames

import "testing"

// TestMine: names of instances' namespaces are published, and of no other's.
func TestMine(t *testing.T) {
	s := Settings{Prefixes: []string{"cf-helm", "old"}}
	for namespace, want := range map[string]bool{
		"cf-helm-1": true, "old-1": true, "cf-helm": false, "cf-helmet-1": false, "kube-system": false, "older-1": false, "not-old-1": false,
	} {
		if s.mine(namespace) != want {
			t.Errorf("%s: %t, want %t", namespace, !want, want)
		}
	}
}
