package orphans

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Orphan is something without a counterpart.
type Orphan struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Why says what is missing, and Cure what would mend it.
	Why  string `json:"why"`
	Cure string `json:"cure"`
	// Fix says what Mend does about it; empty: nothing, for something may be lost by it.
	Fix string `json:"fix,omitempty"`

	// undo is the record by which the broker does that.
	undo record.Binding
}

// InBoth are those of the second look that the first one saw too. What may be done about them
// has to be seen twice as well.
func InBoth(first, second []Orphan) []Orphan {
	both := []Orphan{}
	for _, o := range second {
		before := slices.IndexFunc(first, o.is)
		if before < 0 {
			continue
		}
		if first[before].Fix == "" {
			o = first[before]
		}
		both = append(both, o)
	}
	return both
}

// In tells whether a look has seen it.
func (o Orphan) In(seen []Orphan) bool { return slices.ContainsFunc(seen, o.is) }

func (o Orphan) is(other Orphan) bool {
	return o.Kind == other.Kind && o.ID == other.ID && o.Why == other.Why
}

// The kinds.
const (
	Instance    = "service instance"
	Binding     = "service binding"
	OfNamespace = "namespace"
	Placeholder = "placeholder app"
	Policy      = "policy"
	// NetworkPolicy is one of Kubernetes' own.
	NetworkPolicy = "NetworkPolicy"
	// OfSecurityGroup is an application security group of Cloud Foundry's.
	OfSecurityGroup = "security group"
	Rule            = "security group rule"
	// Object is one outside the namespace of the release that made it.
	Object  = "object"
	Release = "Helm release"
)

// finder looks through a world at a time.
type finder struct {
	World
	now       time.Time
	age       time.Duration
	recorded  map[string]record.Instance
	bound     map[[2]string]record.Binding // by instance's and binding's id
	groups    map[string]string            // the ids of instances by the policy groups of what is recorded
	orphans   []Orphan
	strangers map[string]bool // policy groups of what has no record
}

// Find returns what has no counterpart. What is under way, or younger than age, isn't looked
// at: it may be being made.
func Find(w World, now time.Time, age time.Duration) []Orphan {
	f := &finder{World: w, now: now, age: age, recorded: map[string]record.Instance{}, bound: map[[2]string]record.Binding{}, groups: map[string]string{}, strangers: map[string]bool{}}
	for _, i := range w.Instances {
		f.recorded[i.ID] = i
	}
	for _, b := range w.Bindings {
		f.bound[[2]string{b.InstanceID, b.ID}] = b
	}
	f.readGroups()
	if w.Foundation != nil {
		f.instances(*w.Foundation)
		f.bindings(*w.Foundation)
	}
	f.ownBindings()
	f.namespaces()
	f.ownNamespaces()
	f.releases()
	f.objects()
	f.placeholders()
	f.securityGroups()
	f.networkPolicies()
	f.policies()
	return f.orphans
}

// clusters are those that could be read.
func (f *finder) clusters() iter.Seq2[string, *Cluster] {
	return func(yield func(string, *Cluster) bool) {
		for _, id := range slices.Sorted(maps.Keys(f.Clusters)) {
			if c := f.Clusters[id]; c != nil && !yield(id, c) {
				return
			}
		}
	}
}

// readGroups notes the policy groups of what is recorded.
func (f *finder) readGroups() {
	for _, b := range f.Bindings {
		f.groups[b.PlaceholderGUID] = b.InstanceID
		for _, p := range b.Policies {
			f.groups[p.Destination.ID] = b.InstanceID
		}
	}
	for _, i := range f.Instances {
		f.groups[i.ID], f.groups[i.PolicyGroup] = i.ID, i.ID
		for _, former := range i.FormerGroups {
			f.groups[former] = i.ID
		}
	}
	delete(f.groups, "")
}

func (f *finder) add(kind, id, why, cure string, arguments ...any) {
	f.orphans = append(f.orphans, Orphan{Kind: kind, ID: id, Why: why, Cure: fmt.Sprintf(cure, arguments...)})
}

// addMendable adds what Mend has undone by a record.
func (f *finder) addMendable(kind, id, why, fix string, undo record.Binding) {
	f.orphans = append(f.orphans, Orphan{Kind: kind, ID: id, Why: why, Cure: "broker orphans --fix --yes " + fix, Fix: fix, undo: undo})
}

// quoted is a shell's word for what others have named.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func (f *finder) young(at time.Time) bool { return f.now.Sub(at) < f.age }
