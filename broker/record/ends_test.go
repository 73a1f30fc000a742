package record_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestEnds: who is at the ends of a binding's policies is known as soon as the binding
// is written, and not by a watch's word.
func TestEnds(t *testing.T) {
	store, _ := newStore(t)
	i := instance()
	i.ID, i.SpaceGUID, i.PolicyGroup = uuid.NewString(), "the instance's", uuid.NewString()
	if _, err := store.CreateInstance(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the instance is seen", func() bool { _, err := store.Instance(i.ID); return err == nil })
	for space, want := range map[string]string{"": "the instance's", "another": "another"} {
		app, group, shared := uuid.NewString(), uuid.NewString(), uuid.NewString()
		if _, found := store.App(app); found {
			t.Error("an app that nobody has bound is found")
		}
		b := record.Binding{ID: uuid.NewString(), InstanceID: i.ID, AppGUID: app, SpaceGUID: space, State: record.Opening,
			Policies: []policy.Policy{policy.To(app, group, "tcp", 1), policy.To(app, shared, "tcp", 2)}, SharedGroups: []string{shared}}
		b, err := store.CreateBinding(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if got, found := store.App(app); !found || got != want {
			t.Errorf("the app is in space %q (%t), want %q", got, found, want)
		}
		for group, want := range map[string]error{group: nil, shared: record.ErrNotFound} {
			if found, err := store.InstanceOf(group); !errors.Is(err, want) || err == nil && found.ID != i.ID {
				t.Errorf("group %s is of %q, %v; want %v", group, found.ID, err, want)
			}
		}
		b.Policies = []policy.Policy{policy.To(app, uuid.NewString(), "tcp", 1)}
		if b, err = store.UpdateBinding(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if _, err := store.InstanceOf(group); !errors.Is(err, record.ErrNotFound) {
			t.Errorf("the binding opens nothing to the group any more, and it is found: %v", err)
		}
		if _, err := store.InstanceOf(b.Policies[0].Destination.ID); err != nil {
			t.Errorf("the group that it opens now: %v", err)
		}
		if err := store.DeleteBinding(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the app isn't known any more", func() bool { _, found := store.App(app); return !found })
	}
}

// TestOwnGroups: of what pods open for themselves their own groups alone are the
// instance's, not the DNS that they ask, nor the operators that they use.
func TestOwnGroups(t *testing.T) {
	store, _ := newStore(t)
	i := instance()
	i.ID = uuid.NewString()
	if _, err := store.CreateInstance(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the instance is seen", func() bool { _, err := store.Instance(i.ID); return err == nil })
	own, dns, operator := uuid.NewString(), uuid.NewString(), uuid.NewString()
	_, err := store.CreateBinding(t.Context(), record.Binding{ID: record.OwnAccess, InstanceID: i.ID, State: record.Bound, SharedGroups: []string{operator}, Policies: []policy.Policy{
		policy.Range(own, own, "tcp", 1, 65535), policy.To(own, dns, "udp", 53), policy.Range(own, operator, "tcp", 1, 65535), policy.Range(operator, own, "tcp", 1, 65535),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for group, want := range map[string]error{own: nil, dns: record.ErrNotFound, operator: record.ErrNotFound} {
		if found, err := store.InstanceOf(group); !errors.Is(err, want) || err == nil && found.ID != i.ID {
			t.Errorf("group %s is of %q, %v; want %v", group, found.ID, err, want)
		}
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) { return holds(), nil })
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
