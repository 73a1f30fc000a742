package naming

import (
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestOwns: names of the broker's own namespaces are its to take back, and nobody
// else's.
func TestOwns(t *testing.T) {
	owns := Owns("cluster.local", "cf")
	for name, want := range map[string]bool{
		"db.cf-1.svc.cluster.local":             true,
		"db-0.db.cf-1.svc.cluster.local":        true,
		"db.cf.svc.cluster.local":               false,
		"cf-1.svc.cluster.local":                true,
		"db.other-1.svc.cluster.local":          false,
		"cf-1.other.svc.cluster.local":          false,
		"db.cf-1.svc.cluster.local.example.org": false,
		"db.cf-1.pod.cluster.local":             false,
	} {
		if owns(name) != want {
			t.Errorf("%s is the broker's: %t, want %t", name, !want, want)
		}
	}
}

// TestLive: apps look for names of bindings that there are, or are about to be.
func TestLive(t *testing.T) {
	for state, want := range map[record.BindingState]bool{
		record.Waiting: true, record.Opening: true, record.Bound: true, record.Revoking: false, record.Unmade: false,
	} {
		if live(record.Binding{ID: "b", State: state}) != want || live(record.Binding{ID: record.OwnAccess, State: state}) {
			t.Errorf("a binding that is %s", state)
		}
	}
}
