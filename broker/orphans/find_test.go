package orphans_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

var (
	now  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	long = now.Add(-time.Hour)
	just = now.Add(-time.Minute)
)

func instance(id string, started time.Time, state record.State) record.Instance {
	return record.Instance{ID: id, PolicyGroup: "group-" + id, Namespace: "cf-helm-" + id, Release: "k-" + id, Chart: record.Chart{Name: "redis"}, Operation: record.Operation{Type: record.Create, Started: started, State: state}}
}

func binding(id, of string, started time.Time) record.Binding {
	return record.Binding{ID: id, InstanceID: of, AppGUID: "app", Started: started, State: record.Bound, Networks: []string{policy.C2C, policy.NetworkPolicy, policy.SecurityGroup}, Policies: []policy.Policy{policy.To("app", "group-"+of, "tcp", 80)}}
}

func outside(name, namespace string, at time.Time) release.Marked {
	return release.Marked{Resource: "clusterroles", Name: name, Created: at, Release: "k-" + namespace, ReleaseNamespace: namespace}
}

func made(p policy.Policy, at time.Time) networkpolicy.Found {
	return networkpolicy.Found{Namespace: "apps", Name: "out-" + p.Source.ID, Created: at, Key: networkpolicy.KeyOf("records", p), Policy: p, Told: true}
}

// whole is a world in which everything has its counterpart.
func whole() orphans.World {
	own := record.Binding{ID: record.OwnAccess, InstanceID: "i", State: record.Bound, Policies: []policy.Policy{policy.To("group-i", "group-i", "tcp", 80)}}
	return orphans.World{
		Broker:    "records",
		Instances: []record.Instance{instance("i", long, record.Succeeded)},
		Bindings:  []record.Binding{binding("b", "i", long), own},
		Foundation: &orphans.Foundation{
			Instances: map[string]orphans.Known{"i": {Name: "mine", Created: long}},
			Bindings:  map[string]orphans.Known{"b": {Instance: "i", Created: long}},
			Any:       map[string]bool{"i": true},
		},
		Clusters: map[string]*orphans.Cluster{
			"": {
				Namespaces:      []orphans.Namespace{{Name: "cf-helm-i", Instance: "i", Created: long}},
				Present:         map[string]bool{"cf-helm-i": true, "default": true},
				NetworkPolicies: []networkpolicy.Found{made(policy.To("app", "group-i", "tcp", 80), long)},
				Objects:         []release.Marked{{Resource: "clusterroles", Name: "its", Created: long, Release: "k-i", ReleaseNamespace: "cf-helm-i"}},
				Releases:        map[string]map[string]time.Time{"cf-helm-i": {"k-i": long}},
			},
			"far": {Server: "https://far", Present: map[string]bool{"default": true}},
		},
		Policies:       []policy.Policy{policy.To("app", "group-i", "tcp", 80), policy.To("group-i", "group-i", "tcp", 80), policy.To("app", "others", "tcp", 80)},
		Placeholders:   []c2c.Placeholder{{GUID: "group-i", Instance: "i", Created: long}},
		SecurityGroups: map[string]orphans.SecurityGroup{"to-i": {Group: "group-i", Policies: []policy.Policy{policy.To("app", "group-i", "tcp", 80)}, Changed: long}},
	}
}

// home is the broker's own cluster, and far another.
func home(w *orphans.World) *orphans.Cluster { return w.Clusters[""] }
func far(w *orphans.World) *orphans.Cluster  { return w.Clusters["far"] }

// moved has the instance live on the other cluster.
func moved(w *orphans.World) {
	w.Instances[0].Cluster = "far"
	*far(w), *home(w) = *home(w), orphans.Cluster{Present: map[string]bool{"default": true}}
	far(w).Server = "https://far"
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*orphans.World)
		want   []string // kinds and ids, of what can be mended with a mark
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
		}, []string{"service binding b, mended"}},
		"CF has lost a binding of an instance that changes": {func(w *orphans.World) {
			delete(w.Foundation.Bindings, "b")
			w.Foundation.Instances["i"] = orphans.Known{Busy: true}
		}, []string{"service binding b"}},
		"CF has lost an instance with its binding": {func(w *orphans.World) {
			w.Foundation.Bindings, w.Foundation.Instances = nil, nil
		}, []string{"service binding b", "service instance i"}},
		"CF hasn't written a binding down yet": {func(w *orphans.World) {
			delete(w.Foundation.Bindings, "b")
			w.Bindings[0].Started = just
		}, nil},
		"CF couldn't be read": {func(w *orphans.World) { w.Foundation = nil }, nil},
		"the broker has lost everything": {func(w *orphans.World) {
			w.Instances, w.Bindings = nil, nil
		}, []string{"NetworkPolicy apps/out-app, mended", "namespace cf-helm-i", "object clusterroles its", "placeholder app group-i", "policy app → group-i tcp/80-80", "policy group-i → group-i tcp/80-80", "security group to-i", "service binding b", "service instance i"}},
		"its namespace was deleted": {func(w *orphans.World) {
			*home(w) = orphans.Cluster{Present: map[string]bool{"default": true}}
		}, []string{"service instance i"}},
		"a namespace of a create that failed": {func(w *orphans.World) {
			*home(w), w.Instances[0].Operation.State = orphans.Cluster{}, record.Failed
		}, nil},
		"one on a cluster of its own": {moved, nil},
		"its namespace was deleted there": {func(w *orphans.World) {
			moved(w)
			*far(w) = orphans.Cluster{}
		}, []string{"service instance i"}},
		"one on a cluster that doesn't answer": {func(w *orphans.World) {
			moved(w)
			w.Clusters["far"] = nil
			w.Placeholders = append(w.Placeholders, c2c.Placeholder{GUID: "left", Instance: "gone", Created: long})
		}, []string{"placeholder app left"}},
		"namespaces there: nobody's, another broker's, and one that is made": {func(w *orphans.World) {
			w.Foundation.Any["theirs"] = true
			far(w).Namespaces = []orphans.Namespace{{Name: "a", Instance: "gone", Created: long}, {Name: "b", Instance: "theirs", Created: long}, {Name: "c", Instance: "new", Created: just}}
		}, []string{"namespace a on https://far"}},
		"one there, and CF couldn't be read": {func(w *orphans.World) {
			w.Foundation, far(w).Namespaces = nil, []orphans.Namespace{{Name: "a", Instance: "gone", Created: long}}
		}, nil},
		"NetworkPolicies there: the broker's, and maybe another's": {func(w *orphans.World) {
			moved(w)
			its, others, silent := made(policy.To("left", "group-i", "tcp", 80), long), made(policy.To("left", "theirs", "tcp", 80), long), made(policy.To("silent", "group-i", "tcp", 80), long)
			its.Namespace, silent.Namespace, silent.Told = "cf-helm-i", "cf-helm-i", false
			far(w).NetworkPolicies = append(far(w).NetworkPolicies, its, others, silent)
		}, []string{"NetworkPolicy cf-helm-i/out-left on https://far, mended", "NetworkPolicy cf-helm-i/out-silent on https://far"}},
		"Helm has lost a release's records, and has another's": {func(w *orphans.World) {
			home(w).Releases["cf-helm-i"] = map[string]time.Time{"theirs": long, "new": just}
		}, []string{"Helm release cf-helm-i/k-i", "Helm release cf-helm-i/theirs"}},
		"so on another cluster": {func(w *orphans.World) {
			moved(w)
			far(w).Releases["cf-helm-i"] = map[string]time.Time{"theirs": long, "k-i": long}
		}, []string{"Helm release cf-helm-i/theirs on https://far"}},
		"so while the instance changes": {func(w *orphans.World) {
			home(w).Releases["cf-helm-i"] = map[string]time.Time{"theirs": long}
			w.Instances[0].Operation.State = record.InProgress
		}, nil},
		"none of a create that failed": {func(w *orphans.World) {
			home(w).Releases["cf-helm-i"], w.Instances[0].Operation.State = nil, record.Failed
		}, nil},
		"Helm's records couldn't be read": {func(w *orphans.World) { home(w).Releases = nil }, nil},
		"objects outside: left, being made, and of a namespace that is going": {func(w *orphans.World) {
			home(w).Present["cf-helm-going"] = true
			home(w).Objects = append(home(w).Objects, outside("left", "cf-helm-gone", long), outside("new", "cf-helm-gone", just), outside("going", "cf-helm-going", long))
			inside := outside("left", "cf-helm-gone", long)
			inside.Resource, inside.Namespace = "roles", "default"
			home(w).Objects = append(home(w).Objects, inside)
		}, []string{"object clusterroles left", "object roles default/left"}},
		"objects of a namespace without a record": {func(w *orphans.World) {
			home(w).Namespaces = append(home(w).Namespaces, orphans.Namespace{Name: "cf-helm-lost", Instance: "lost", Created: long}, orphans.Namespace{Name: "cf-helm-new", Instance: "new", Created: just})
			home(w).Present["cf-helm-lost"], home(w).Present["cf-helm-new"] = true, true
			home(w).Objects = append(home(w).Objects, outside("left", "cf-helm-lost", long), outside("new", "cf-helm-new", long))
		}, []string{"namespace cf-helm-lost", "object clusterroles left"}},
		"objects on another cluster: left, and another broker's": {func(w *orphans.World) {
			w.Foundation.Any["theirs"] = true
			far(w).Namespaces = []orphans.Namespace{{Name: "cf-helm-theirs", Instance: "theirs", Created: long}}
			far(w).Present["cf-helm-theirs"] = true
			far(w).Objects = []release.Marked{outside("left", "cf-helm-gone", long), outside("theirs", "cf-helm-theirs", long)}
		}, []string{"object clusterroles left on https://far"}},
		"a security group that was left": {func(w *orphans.World) {
			w.SecurityGroups["to-j"] = orphans.SecurityGroup{Group: "group-j", Changed: long}
			w.SecurityGroups["to-k"] = orphans.SecurityGroup{Group: "group-k", Changed: just}
		}, []string{"security group to-j"}},
		"a rule of one that was left": {func(w *orphans.World) {
			w.SecurityGroups["to-i"] = orphans.SecurityGroup{Group: "group-i", Policies: []policy.Policy{policy.To("app", "group-i", "tcp", 80), policy.To("left", "group-i", "tcp", 80)}, Changed: long}
		}, []string{"security group rule to-i left → group-i tcp/80-80, mended"}},
		"NetworkPolicies that were left, that say nothing, and that are made": {func(w *orphans.World) {
			told, silent := made(policy.To("told", "group-i", "tcp", 80), long), made(policy.To("silent", "group-i", "tcp", 80), long)
			silent.Told = false
			home(w).NetworkPolicies = append(home(w).NetworkPolicies, told, silent, made(policy.To("new", "group-i", "tcp", 80), just))
		}, []string{"NetworkPolicy apps/out-silent", "NetworkPolicy apps/out-told, mended"}},
		"a binding that was never on a network": {func(w *orphans.World) {
			w.Bindings[0].Networks = []string{policy.C2C}
		}, []string{"NetworkPolicy apps/out-app, mended", "security group rule to-i app → group-i tcp/80-80, mended"}},
		"one that CF is making": {func(w *orphans.World) {
			w.Foundation.Instances["j"] = orphans.Known{Created: just}
			w.Foundation.Instances["k"] = orphans.Known{Created: long, Busy: true}
		}, nil},
		"a namespace in the making": {func(w *orphans.World) {
			home(w).Namespaces = append(home(w).Namespaces, orphans.Namespace{Name: "cf-helm-j", Instance: "j", Created: just})
		}, nil},
		"a binding without its instance": {func(w *orphans.World) {
			w.Instances, w.Foundation, home(w).Namespaces = nil, nil, nil
		}, []string{"service binding b", "service binding own.access"}},
		"a policy that somebody has added": {func(w *orphans.World) {
			w.Policies = append(w.Policies, policy.To("another", "group-i", "tcp", 81))
		}, []string{"policy another → group-i tcp/81-81"}},
		"a placeholder that policies lead to": {func(w *orphans.World) {
			w.Placeholders = append(w.Placeholders, c2c.Placeholder{GUID: "left", Instance: "gone", Created: long})
			w.Policies = append(w.Policies, policy.To("app", "left", "tcp", 80))
		}, []string{"placeholder app left", "policy app → left tcp/80-80"}},
		"placeholders: another broker's, of an instance that is there, one that is made, and one that says nothing": {func(w *orphans.World) {
			w.Foundation.Any["theirs"] = true
			w.Placeholders = append(w.Placeholders, c2c.Placeholder{GUID: "1", Instance: "theirs", Created: long}, c2c.Placeholder{GUID: "2", Instance: "i", Created: long},
				c2c.Placeholder{GUID: "3", Instance: "new", Created: just}, c2c.Placeholder{GUID: "4", Created: long})
		}, []string{"placeholder app 1", "placeholder app 2", "placeholder app 4"}},
		"a placeholder that was left": {func(w *orphans.World) {
			w.Placeholders = append(w.Placeholders, c2c.Placeholder{GUID: "left", Instance: "gone", Created: long})
		}, []string{"placeholder app left, mended"}},
		"one, and CF couldn't be read": {func(w *orphans.World) {
			w.Placeholders, w.Foundation = append(w.Placeholders, c2c.Placeholder{GUID: "left", Instance: "gone", Created: long}), nil
		}, []string{"placeholder app left"}},
		"one, and policies couldn't be read": {func(w *orphans.World) {
			w.Placeholders, w.Policies = append(w.Placeholders, c2c.Placeholder{GUID: "left", Instance: "gone", Created: long}), nil
		}, []string{"placeholder app left"}},
	} {
		w := whole()
		c.change(&w)
		var got []string
		for _, o := range orphans.Find(w, now, 10*time.Minute) {
			mark := ""
			if o.Fix != "" {
				mark = ", mended"
			}
			got = append(got, o.Kind+" "+o.ID+mark)
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

// TestCuresQuote: what others have named is no part of a command.
func TestCuresQuote(t *testing.T) {
	w := whole()
	w.Foundation.Instances["lost"] = orphans.Known{Name: "a; reboot", Created: long}
	home(&w).Objects = append(home(&w).Objects, outside("it's $(reboot)", "cf-helm-gone", long))
	var cures []string
	for _, o := range orphans.Find(w, now, time.Minute) {
		cures = append(cures, o.Cure)
	}
	want := []string{"cf purge-service-instance 'a; reboot' in its space, or cf curl -X DELETE '/v3/service_instances/lost?purge=true'", `kubectl delete clusterroles 'it'\''s $(reboot)'`}
	if !slices.Equal(cures, want) {
		t.Errorf("the cures are %q, want %q", cures, want)
	}
}
