package securitygroup_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

var one = policy.To(app, group, "tcp", 5432)

func refused(t *testing.T, err error, status int, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	var refusal *policy.Error
	if status != 0 && (!errors.As(err, &refusal) || refusal.Status != status) {
		t.Errorf("%v, want status %d", err, status)
	}
	for _, words := range want {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
}

// TestNoRight says what the client lacks.
func TestNoRight(t *testing.T) {
	for name, c := range map[string]struct {
		authorities []string
		status      int
	}{
		"for networks alone": {[]string{"network.admin"}, http.StatusUnauthorized},
		"to read":            {[]string{"cloud_controller.global_auditor"}, http.StatusForbidden},
		"a developer's":      {[]string{"cloud_controller.read", "cloud_controller.write"}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cf.Options{Client: cf.Client{ID: "broker", Secret: "s", Authorities: c.authorities}})
			refused(t, w.replica(securitygroup.Settings{}).Create(t.Context(), []policy.Policy{one}), c.status, securitygroup.Admin)
		})
	}
}

// TestOthersGroups: nothing is touched that the broker hasn't made.
func TestOthersGroups(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	ours := "cf-helm-broker-" + group + "-" + w.Space()
	theirs := cf.SecurityGroupRule{Protocol: "tcp", Destination: "10.9.0.0/16", Ports: "443"}
	for _, name := range []string{"dns", "cf-helm-broker-", "cf-helm-broker-" + group, ours} {
		w.PutSecurityGroup(cf.SecurityGroup{Name: name, Rules: []cf.SecurityGroupRule{theirs}})
	}
	refused(t, e.Create(t.Context(), []policy.Policy{one}), 0, "the security group "+ours+" isn't the broker's", "rename or delete it")
	remove(t, e, one)
	for _, g := range w.SecurityGroups() {
		if len(g.Rules) != 1 || g.Rules[0] != theirs || len(g.RunningSpaces) != 0 {
			t.Errorf("touched: %+v", g)
		}
	}
	if n := len(w.SecurityGroups()); n != 4 {
		t.Errorf("%d groups, want 4", n)
	}
}

// TestExtendedByHand: a rule that somebody has added to the broker's group stays, and
// so does the group.
func TestExtendedByHand(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	create(t, e, one)
	g := w.SecurityGroups()[0]
	kind, log := 8, true
	theirs := cf.SecurityGroupRule{Protocol: "icmp", Destination: "10.9.0.0/16", Type: &kind, Code: &kind, Log: log, Description: "ping"}
	g.Rules = append(g.Rules, theirs)
	w.PutSecurityGroup(g)
	create(t, e, policy.To(otherApp, group, "tcp", 1))
	remove(t, e, one, policy.To(otherApp, group, "tcp", 1))
	left := w.SecurityGroups()
	if len(left) != 1 || len(left[0].Rules) != 1 || left[0].Rules[0].Destination != theirs.Destination || *left[0].Rules[0].Type != kind || !left[0].Rules[0].Log {
		t.Errorf("left: %+v", left)
	}
}

// TestManyAddresses: 10,000 in a row are one rule; 10,000 apart are refused before
// anything is sent, and others are opened all the same.
func TestManyAddresses(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	pods := func(apart int) (all []netip.Addr) {
		for i := range 10_000 {
			at := i * apart
			all = append(all, netip.AddrFrom4([4]byte{10, byte(at >> 16), byte(at >> 8), byte(at)}))
		}
		return all
	}
	w.run(pods(1)...)
	create(t, e, one)
	if got := w.rules(t); len(got) != 1 || got[0] != "tcp 10.0.0.0-10.0.39.15:5432" {
		t.Errorf("rules %q", got)
	}
	w.run(pods(2)...)
	before := w.Requests()["PATCH /v3/security_groups/{guid}"]
	other := policy.To(app, shared, "tcp", 1)
	refused(t, e.Create(t.Context(), []policy.Policy{one, other}), 0, "it would hold 10000 rules, and may hold 1000", "SECURITY_GROUP_MAX_RULES")
	if after := w.Requests()["PATCH /v3/security_groups/{guid}"]; after != before {
		t.Error("it was sent")
	}
	missing(t, e, []policy.Policy{one, other}, one)
	remove(t, e, one, other)
	if left := w.SecurityGroups(); len(left) != 0 {
		t.Errorf("%d left", len(left))
	}
}

func TestIPv6(t *testing.T) {
	for _, enabled := range []bool{true, false} {
		w := newWorld(t, cf.Options{IPv6: enabled})
		w.run(addresses("fd00::1", "fd00::2", "10.0.0.1")...)
		err := w.replica(securitygroup.Settings{}).Create(t.Context(), []policy.Policy{one})
		if enabled && err != nil {
			t.Error(err)
		}
		if !enabled {
			refused(t, err, http.StatusUnprocessableEntity, "destination IP address range is invalid", "cc.enable_ipv6")
		}
	}
}

// TestSpaceDeleted says so, and closes all the same.
func TestSpaceDeleted(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	create(t, e, one)
	w.DeleteSpace(w.Space())
	missing(t, e, []policy.Policy{one}, one)
	refused(t, e.Create(t.Context(), []policy.Policy{one}), http.StatusUnprocessableEntity, "Spaces with guids", "the app's space was deleted")
	remove(t, e, one)
	refused(t, e.Create(t.Context(), []policy.Policy{one}), http.StatusUnprocessableEntity, "do not exist", "the app's space was deleted")
	if left := w.SecurityGroups(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// TestAppWithoutRecord: what is closed needs neither app nor pods to be there still.
func TestAppWithoutRecord(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	create(t, e, one)
	w.spaces, w.pods = nil, nil
	if left, err := e.Left(t.Context(), []policy.Policy{one}); err != nil || len(left) != 1 {
		t.Errorf("left %+v, %v", left, err)
	}
	remove(t, e, one)
	if left := w.SecurityGroups(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// TestFailures: the cloud controller fails at each of its calls. What is there then is
// found again, and all comes right when it is back.
func TestFailures(t *testing.T) {
	unbind := func(w *world) {
		g := w.SecurityGroups()[0]
		g.RunningSpaces = nil
		w.PutSecurityGroup(g)
	}
	move := func(w *world) { w.run(addresses("10.0.0.77")...) }
	for route, c := range map[string]struct {
		before func(*world) // after it was opened
		closes bool
	}{
		"GET /v3/security_groups":                                      {},
		"POST /v3/security_groups":                                     {},
		"PATCH /v3/security_groups/{guid}":                             {before: move},
		"POST /v3/security_groups/{guid}/relationships/running_spaces": {before: unbind},
		"DELETE /v3/security_groups/{guid}":                            {before: func(*world) {}, closes: true},
		"GET /v3/jobs/{guid}":                                          {before: func(*world) {}, closes: true},
	} {
		for _, kind := range []cf.Kind{cf.Down, cf.AnswerLost, cf.ServerError, cf.InvalidJSON, cf.Unrouted} {
			t.Run(fmt.Sprintf("%s %s", route, kind), func(t *testing.T) {
				w := newWorld(t, cf.Options{})
				e := w.replica(securitygroup.Settings{})
				do := e.Create
				if c.before != nil {
					create(t, e, one)
					c.before(w)
				}
				if c.closes {
					do = e.Delete
				}
				w.Fault(cf.CC, cf.Fault{Kind: kind, Route: route})
				if err := do(t.Context(), []policy.Policy{one}); err == nil && kind != cf.InvalidJSON {
					t.Error("no error")
				}
				w.Clear()
				if !c.closes {
					create(t, e, one)
					missing(t, e, []policy.Policy{one})
				}
				remove(t, e, one)
				if left := w.SecurityGroups(); len(left) != 0 {
					t.Errorf("left: %+v", left)
				}
			})
		}
	}
}

// TestSecondPage: a group is found wherever it is in the foundation's list.
func TestSecondPage(t *testing.T) {
	w := newWorld(t, cf.Options{})
	e := w.replica(securitygroup.Settings{})
	for i := range 5000 {
		w.PutSecurityGroup(cf.SecurityGroup{Name: fmt.Sprint("theirs-", i)})
	}
	create(t, e, one)
	missing(t, e, []policy.Policy{one})
	if lists := w.Requests()["GET /v3/security_groups"]; lists != 4 {
		t.Errorf("%d lists, want two before and after the write, and two pages", lists)
	}
	remove(t, e, one)
	if left := w.SecurityGroups(); len(left) != 5000 {
		t.Errorf("%d groups", len(left))
	}
}
