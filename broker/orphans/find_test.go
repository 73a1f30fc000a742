package orphans_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

var (
	now  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	long = now.Add(-time.Hour)
	just = now.Add(-time.Minute)
)

func instance(id string, started time.Time, state record.State) record.Instance {
	return record.Instance{ID: id, PolicyGroup: "group-" + id, Namespace: "cf-helm-" + id, Chart: record.Chart{Name: "redis"}, Operation: record.Operation{Started: started, State: state}}
}

func binding(id, of string, started time.Time) record.Binding {
	return record.Binding{ID: id, InstanceID: of, AppGUID: "app", Started: started, State: record.Bound, Policies: []policy.Policy{policy.To("app", "group-"+of, "tcp", 80)}}
}

// whole is a world in which everything has its counterpart.
func whole() orphans.World {
	own := record.Binding{ID: record.OwnAccess, InstanceID: "i", State: record.Bound, Policies: []policy.Policy{policy.To("group-i", "group-i", "tcp", 80)}}
	return orphans.World{
		Instances: []record.Instance{instance("i", long, record.Succeeded)},
		Bindings:  []record.Binding{binding("b", "i", long), own},
		Foundation: &orphans.Foundation{
			Instances: map[string]orphans.Known{"i": {Name: "mine", Created: long}},
			Bindings:  map[string]orphans.Known{"b": {Instance: "i", Created: long}},
		},
		Namespaces:     []orphans.Namespace{{Name: "cf-helm-i", Instance: "i", Created: long}},
		Policies:       []policy.Policy{policy.To("app", "group-i", "tcp", 80), policy.To("group-i", "group-i", "tcp", 80), policy.To("app", "others", "tcp", 80)},
		Placeholders:   map[string]bool{"group-i": true},
		Present:        map[string]bool{"cf-helm-i": true, "default": true},
		SecurityGroups: map[string]string{"to-i": "group-i"},
	}
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*orphans.World)
		want   []string // kinds and ids
	}{
		"all have one": {func(*orphans.World) {}, nil},
		"CF has lost an instance": {func(w *orphans.World) {
			delete(w.Foundation.Instances, "i")
		}, []string{"service instance i"}},
		"CF has lost one that is being deleted": {func(w *orphans.World) {
			delete(w.Foundation.Instances, "i")
			w.Instances[0].Operation.State = record.InProgress
		}, nil},
		"CF hasn't written one down yet": {func(w *orphans.World) {
			delete(w.Foundation.Instances, "i")
			w.Instances[0].Operation.Started = just
		}, nil},
		"CF has lost a binding": {func(w *orphans.World) {
			delete(w.Foundation.Bindings, "b")
		}, []string{"service binding b"}},
		"CF hasn't written a binding down yet": {func(w *orphans.World) {
			delete(w.Foundation.Bindings, "b")
			w.Bindings[0].Started = just
		}, nil},
		"CF couldn't be read": {func(w *orphans.World) { w.Foundation = nil }, nil},
		"the broker has lost everything": {func(w *orphans.World) {
			w.Instances, w.Bindings = nil, nil
		}, []string{"namespace cf-helm-i", "placeholder app group-i", "policy app → group-i tcp/80-80", "policy group-i → group-i tcp/80-80", "security group to-i", "service binding b", "service instance i"}},
		"its namespace was deleted": {func(w *orphans.World) {
			w.Namespaces, w.Present = nil, map[string]bool{"default": true}
		}, []string{"service instance i"}},
		"a namespace of a create that failed": {func(w *orphans.World) {
			w.Namespaces, w.Present, w.Instances[0].Operation.State = nil, map[string]bool{}, record.Failed
		}, nil},
		"one on a cluster of its own": {func(w *orphans.World) {
			w.Namespaces, w.Present, w.Instances[0].Cluster = nil, map[string]bool{}, "elsewhere"
		}, nil},
		"a security group that was left": {func(w *orphans.World) {
			w.SecurityGroups["to-j"] = "group-j"
		}, []string{"security group to-j"}},
		"one that CF is making": {func(w *orphans.World) {
			w.Foundation.Instances["j"] = orphans.Known{Created: just}
			w.Foundation.Instances["k"] = orphans.Known{Created: long, Busy: true}
		}, nil},
		"a namespace in the making": {func(w *orphans.World) {
			w.Namespaces = append(w.Namespaces, orphans.Namespace{Name: "cf-helm-j", Instance: "j", Created: just})
		}, nil},
		"a binding without its instance": {func(w *orphans.World) {
			w.Instances, w.Foundation, w.Namespaces = nil, nil, nil
		}, []string{"service binding b", "service binding own.access"}},
		"a policy that somebody has added": {func(w *orphans.World) {
			w.Policies = append(w.Policies, policy.To("another", "group-i", "tcp", 81))
		}, []string{"policy another → group-i tcp/81-81"}},
		"another broker's placeholder, or one that was left": {func(w *orphans.World) {
			w.Placeholders["left"] = true
			w.Policies = append(w.Policies, policy.To("app", "left", "tcp", 80))
		}, []string{"placeholder app left", "policy app → left tcp/80-80"}},
	} {
		w := whole()
		c.change(&w)
		var got []string
		for _, o := range orphans.Find(w, now, 10*time.Minute) {
			got = append(got, o.Kind+" "+o.ID)
			if o.Why == "" || o.Cure == "" {
				t.Errorf("%s: %+v doesn't say why, or what would mend it", name, o)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: found %q, want %q", name, got, c.want)
		}
	}
}
