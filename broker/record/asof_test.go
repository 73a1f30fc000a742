package record_test

import (
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestAsOf: whoever has written a binding sees all that another replica wrote before,
// without asking, also where nothing is watched.
func TestAsOf(t *testing.T) {
	ours, namespace := newStore(t)
	theirs, err := record.NewStore(clients, namespace) // whose cache stays empty
	if err != nil {
		t.Fatal(err)
	}
	for name, own := range map[string]*record.Store{"a replica that watches": ours, "one whose watch is behind": theirs} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				i := instance()
				i, err := theirs.CreateInstance(t.Context(), i)
				if err != nil {
					t.Fatal(err)
				}
				other, err := theirs.CreateBinding(t.Context(), record.Binding{ID: "other", InstanceID: i.ID, State: record.Bound, Started: time.Now()})
				if err != nil {
					t.Fatal(err)
				}
				i.Operation.Type = record.Delete
				if i, err = theirs.UpdateInstance(t.Context(), i); err != nil {
					t.Fatal(err)
				}
				written, err := own.CreateBinding(t.Context(), record.Binding{ID: "b", InstanceID: i.ID, State: record.Opening})
				if err != nil {
					t.Fatal(err)
				}
				seen, err := own.InstanceAsOf(t.Context(), written)
				if err != nil || seen.Operation.Type != record.Delete {
					t.Fatalf("the instance is seen with operation %q (%v), though its delete was recorded before", seen.Operation.Type, err)
				}
				if all, err := own.BindingsAsOf(t.Context(), written); err != nil || len(all) != 2 {
					t.Fatalf("%d bindings are seen (%v), want both", len(all), err)
				}
				for _, b := range []record.Binding{written, other} {
					if err := theirs.DeleteBinding(t.Context(), b); err != nil {
						t.Fatal(err)
					}
				}
				if err := theirs.DeleteInstance(t.Context(), i); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
