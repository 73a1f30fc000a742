package securitygroup_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/contract"
)

func TestContract(t *testing.T) {
	for name, settings := range map[string]securitygroup.Settings{"running": {}, "staging too": {Staging: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cf.Options{})
			contract.Enforcer(t, w.replica(settings),
				policy.To(app, group, "tcp", 5432), policy.To(app, group, "udp", 53), policy.Range(otherApp, group, "tcp", 8080, 8081), policy.To(farApp, shared, "tcp", 80))
			if left := w.SecurityGroups(); len(left) != 0 {
				t.Errorf("left: %+v", left)
			}
		})
	}
}

// TestGroup: one for a space and a policy group, with a rule for each app, range of
// ports and range of addresses. It goes with the last.
func TestGroup(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	one, two := policy.To(app, group, "tcp", 5432), policy.Range(otherApp, group, "tcp", 8080, 8081)
	create(t, e, one, two)
	want := []string{"tcp 10.0.0.1-10.0.0.2:5432", "tcp 10.0.0.9:5432", "tcp 10.0.0.1-10.0.0.2:8080-8081", "tcp 10.0.0.9:8080-8081"}
	if got := w.rules(t); !slices.Equal(got, want) {
		t.Errorf("rules %q, want %q", got, want)
	}
	if g := w.SecurityGroups()[0]; g.Name != "cf-helm-broker-"+group+"-"+w.Space() || !slices.Equal(g.RunningSpaces, []string{w.Space()}) || len(g.StagingSpaces) != 0 {
		t.Errorf("group %+v", g)
	}
	remove(t, e, one)
	if got := w.rules(t); !slices.Equal(got, want[2:]) {
		t.Errorf("rules %q, want %q", got, want[2:])
	}
	remove(t, e, two)
	if left := w.SecurityGroups(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// TestFollowsPods: a policy is true with just the addresses of the pods that are ready
// now.
func TestFollowsPods(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	p := []policy.Policy{policy.To(app, group, "tcp", 5432)}
	w.run()
	missing(t, e, p) // there is nothing to open
	create(t, e, p...)
	if groups := w.SecurityGroups(); len(groups) != 0 {
		t.Errorf("no pod is ready, and there are %+v", groups)
	}
	for _, pods := range [][]string{{"10.0.0.4"}, {"10.0.0.4", "10.0.0.5"}, {"10.0.0.5"}} {
		w.run(addresses(pods...)...)
		missing(t, e, p, p...)
		create(t, e, p...)
		missing(t, e, p)
	}
	if got := w.rules(t); !slices.Equal(got, []string{"tcp 10.0.0.5:5432"}) {
		t.Errorf("rules %q", got)
	}
	w.run()
	missing(t, e, p, p...)
	create(t, e, p...)
	if groups := w.SecurityGroups(); len(groups) != 0 {
		t.Errorf("no pod is ready any more, and there are %+v", groups)
	}
}

// TestNotThisNetworks: a source that is no app of a binding, and a destination that no
// pods are in, are neither missing nor left, and nothing is sent for them.
func TestNotThisNetworks(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	all := []policy.Policy{policy.To(group, group, "tcp", 1), policy.To(app, otherApp, "tcp", 1)}
	missing(t, e, all)
	create(t, e, all...)
	if asked := w.Requests(); len(asked) != 0 {
		t.Errorf("asked %v", asked)
	}
	if left, err := e.Left(t.Context(), all); err != nil || len(left) != 0 {
		t.Errorf("left %+v, %v", left, err)
	}
}

// TestPodsUnknown: an instance whose pods can't be asked about keeps no other's policies
// from coming back, and its own as they are.
func TestPodsUnknown(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	lost, there, back := policy.To(app, group, "tcp", 1), policy.To(app, group, "tcp", 2), policy.To(app, shared, "udp", 1)
	create(t, e, there)
	w.hidden = group
	all := []policy.Policy{lost, there, back}
	for _, want := range [][]policy.Policy{{back}, nil} {
		got, err := e.Missing(t.Context(), all)
		var unseen *policy.UnseenError
		if !errors.As(err, &unseen) || !policy.Same(unseen.Policies, all[:2]) || !policy.Same(got, want) {
			t.Errorf("missing are %+v (%v), want %+v, and of the hidden instance's nothing is known", got, err, want)
		}
		if err := e.Create(t.Context(), all); !errors.Is(err, errHidden) {
			t.Errorf("creating what can't be known ended as %v", err)
		}
	}
	w.hidden = ""
	missing(t, e, all, lost)
}

// TestOneLook: one list serves a call, however many policies it is asked for, and
// nothing is written where nothing is missing.
func TestOneLook(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	all := []policy.Policy{policy.To(app, group, "tcp", 1), policy.To(farApp, group, "tcp", 1), policy.To(app, shared, "udp", 1)}
	create(t, e, all...)
	before := w.Requests()
	missing(t, e, all)
	create(t, e, all...)
	after := w.Requests()
	if lists := after["GET /v3/security_groups"] - before["GET /v3/security_groups"]; lists != 1+len(all) {
		t.Errorf("%d lists, want one, and one for each group", lists)
	}
	for route, n := range after {
		if !strings.HasPrefix(route, "GET") && n != before[route] {
			t.Errorf("%s was sent, and nothing was missing", route)
		}
	}
}

// TestLost: what people take away by hand is missing, and comes back.
func TestLost(t *testing.T) {
	p := policy.To(app, group, "tcp", 5432)
	for name, spoil := range map[string]func(*world, cf.SecurityGroup){
		"the group":   func(w *world, g cf.SecurityGroup) { w.DeleteSecurityGroup(g.Name) },
		"its binding": func(w *world, g cf.SecurityGroup) { g.RunningSpaces = nil; w.PutSecurityGroup(g) },
		"a rule":      func(w *world, g cf.SecurityGroup) { g.Rules = g.Rules[1:]; w.PutSecurityGroup(g) },
		"all rules":   func(w *world, g cf.SecurityGroup) { g.Rules = nil; w.PutSecurityGroup(g) },
		"a port":      func(w *world, g cf.SecurityGroup) { g.Rules[0].Ports = "22"; w.PutSecurityGroup(g) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cf.Options{})
			w.closed = policy.SetOf([]policy.Policy{policy.To(app, group, "tcp", 22)})
			e := w.replica(securitygroup.Settings{})
			create(t, e, p)
			want := w.rules(t)
			spoil(w, w.SecurityGroups()[0])
			missing(t, e, []policy.Policy{p}, p)
			create(t, e, p)
			missing(t, e, []policy.Policy{p})
			if got := w.rules(t); !slices.Equal(got, want) {
				t.Errorf("rules %q, want %q", got, want)
			}
		})
	}
}
