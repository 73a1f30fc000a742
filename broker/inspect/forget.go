package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Leftover is what stays, for somebody to delete by hand, when an instance is
// forgotten. What is empty isn't known to be there.
type Leftover struct {
	// Cluster is the id of the plan's own cluster, empty for the broker's.
	Cluster   string
	Namespace string
	Release   string
	Policies  []policy.Policy
	// Networks may have the policies.
	Networks []string
	// CredHub are the names under which credentials may be there.
	CredHub []string
	// Placeholder is the GUID of the placeholder app, if the instance has one.
	Placeholder string
	// Damaged are records of bindings that can't be read: what they opened
	// isn't known, and they aren't removed.
	Damaged []Damaged
}

// owed is what the records say about an instance.
type owed struct {
	instance *record.Instance // nil: only records of bindings are left
	bindings []record.Binding
	Leftover
}

// Leaves tells what forgetting the instance would leave behind, or why it
// can't be forgotten. It changes nothing.
func (in *Inspector) Leaves(ctx context.Context, id string) (Leftover, error) {
	all, err := in.owed(ctx, id)
	return all.Leftover, err
}

// Forget removes the instance's record and then those of its bindings, and
// touches nothing else. Broken off in between it can be repeated: it also
// removes bindings' records that no instance's belongs to.
func (in *Inspector) Forget(ctx context.Context, id string) (Leftover, error) {
	all, err := in.owed(ctx, id)
	if err != nil {
		return Leftover{}, err
	}
	if all.instance != nil {
		if err := in.records.NoteGone(ctx, *all.instance); err != nil {
			return Leftover{}, err
		}
		if err := in.records.DeleteInstance(ctx, *all.instance); err != nil {
			return Leftover{}, changed(err)
		}
	}
	for _, b := range all.bindings {
		if err := in.records.DeleteBinding(ctx, b); err != nil {
			return all.Leftover, fmt.Errorf("the instance is forgotten, its binding %s isn't yet; run this once more: %w", b.ID, changed(err))
		}
	}
	return all.Leftover, nil
}

func (in *Inspector) owed(ctx context.Context, id string) (owed, error) {
	var all owed
	i, err := in.find(ctx, id)
	none := errors.Is(err, ErrNoInstance)
	if err != nil && !none {
		return all, err
	}
	if !none {
		if err := forgettable(i.Operation); err != nil {
			return all, err
		}
		all.instance = &i
		all.Cluster, all.Namespace, all.Release = i.Cluster, i.Namespace, i.Release
	}
	bindings, failed := in.records.LiveBindings(ctx, id)
	if all.Damaged, failed = damagedIn(failed); failed != nil {
		return all, failed
	}
	if none && len(bindings)+len(all.Damaged) == 0 {
		return all, ErrNoInstance
	}
	all.bindings = bindings
	for _, b := range bindings {
		all.Policies, all.Networks = append(all.Policies, b.Policies...), append(all.Networks, b.On()...)
		if b.CredHub != nil {
			all.CredHub = append(all.CredHub, b.CredHub.Name)
		}
		if b.Placeholder {
			all.Placeholder = cmp.Or(b.PlaceholderGUID, i.PolicyGroup)
		}
	}
	slices.Sort(all.Networks)
	all.Policies, all.Networks = policy.Unique(all.Policies), slices.Compact(all.Networks)
	return all, nil
}

// forgettable returns why the instance can't be forgotten now. A delete that
// is tried again and again for a cluster that is gone would never let it.
func forgettable(o record.Operation) error {
	if !o.Running() || o.Type == record.Delete && o.HeldUp != "" {
		return nil
	}
	if o.Type == record.Delete {
		return errors.New("its delete is running; wait until it has ended, or is held up, as broker instances show tells")
	}
	return fmt.Errorf("its %s is running; wait until it has ended, or have the service deleted, which cancels it", o.Type)
}
