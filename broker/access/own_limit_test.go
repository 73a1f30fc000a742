package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"code.cloudfoundry.org/lager/v3"
	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestOwnLimit: beyond the limit nothing is opened to groups that are new, what is open
// stays, and operators and DNS of known groups follow.
func TestOwnLimit(t *testing.T) {
	groups := func(number int) (all []string) {
		for n := range number {
			all = append(all, fmt.Sprintf("g%04d", n))
		}
		return all
	}
	mesh := func(number int) []policy.Policy {
		return (&Access{settings: Settings{WithinInstance: true}}).ownPolicies(groups(number))
	}
	dns := func(number int) []policy.Policy {
		return (&Access{settings: Settings{DNSGroup: "dns"}}).ownPolicies(groups(number))
	}
	operator := func(number int) []policy.Policy { return operatorPolicies(groups(number), []string{"o"}) }
	within := Settings{WithinInstance: true, PoliciesPerInstance: 18}
	named := Settings{WithinInstance: true, PoliciesPerInstance: 18, DNSGroup: "dns"}
	for name, c := range map[string]struct {
		settings  Settings
		recorded  []policy.Policy
		groups    int
		operators []string
		want      []policy.Policy
		words     string
	}{
		"as many":                    {within, nil, 3, nil, mesh(3), ""},
		"more":                       {within, nil, 4, nil, nil, "the pods of 4 policy groups, the instance's own and one for each of its workloads, would need 32 policies or more to reach each other, and POLICIES_PER_INSTANCE allows 18; have the chart make fewer workloads, or have the operator raise"},
		"one more, later":            {within, mesh(3), 4, nil, mesh(3), "need 32 policies"},
		"more from before":           {within, mesh(4), 4, nil, mesh(4), ""},
		"fewer of those":             {within, mesh(4), 3, nil, mesh(4), ""},
		"one more than before":       {within, mesh(4), 5, nil, mesh(4), "need 50 policies"},
		"DNS as well":                {named, nil, 3, nil, nil, "need 24 policies"},
		"DNS of known ones":          {named, mesh(3), 4, nil, slices.Concat(mesh(3), dns(3)), "need 32 policies"},
		"operators of known ones":    {within, mesh(3), 4, []string{"o"}, slices.Concat(mesh(3), operator(3)), "need 32 policies"},
		"without each other":         {Settings{DNSGroup: "dns", PoliciesPerInstance: 18}, nil, 9, nil, dns(9), ""},
		"each other taken back":      {Settings{PoliciesPerInstance: 18}, mesh(4), 4, nil, nil, ""},
		"no limit":                   {Settings{WithinInstance: true}, nil, 54, nil, mesh(54), ""},
		"no limit but the record's":  {Settings{WithinInstance: true}, nil, 55, nil, nil, "need 6050 policies or more to reach each other, and whatever POLICIES_PER_INSTANCE is, the instance's record holds 6000"},
		"a limit beyond the record":  {Settings{WithinInstance: true, PoliciesPerInstance: 9999}, nil, 55, nil, nil, "the instance's record holds 6000"},
		"as many as a namespace has": {within, mesh(3), 6000, nil, mesh(3), "need 72000000 policies"},
	} {
		a := &Access{settings: c.settings}
		have, err := a.ownWithinLimit(record.Binding{Policies: c.recorded}, groups(c.groups), c.operators)
		if !policy.Same(have.policies, c.want) || !slices.Equal(have.shared, c.operators) {
			t.Errorf("%s: %d policies, want %d: %+v", name, len(have.policies), len(c.want), have)
		}
		if (err != nil) != (c.words != "") || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want %s", name, err, c.words)
		}
	}
}

// TestOwnRecordFits: as many policies as an instance's own access may have fit into a
// Secret, of groups that are UUIDs.
func TestOwnRecordFits(t *testing.T) {
	a := &Access{settings: Settings{WithinInstance: true}}
	var groups []string
	for n := range 55 {
		groups = append(groups, fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	}
	text, err := json.Marshal(record.Binding{Policies: a.ownPolicies(groups)[:mostOwn]})
	if err != nil || len(text) > corev1.MaxSecretSize {
		t.Errorf("%d bytes, and a Secret holds %d: %v", len(text), corev1.MaxSecretSize, err)
	}
}

// TestLimitedOnce: what keeps policies from following is logged once for each instance,
// and again when it has been over.
func TestLimitedOnce(t *testing.T) {
	var lines bytes.Buffer
	log := lager.NewLogger("limited")
	log.RegisterSink(lager.NewWriterSink(&lines, lager.ERROR))
	f := &Follower{Access: &Access{log: log}}
	for _, said := range []struct {
		instance string
		why      error
		logged   int
	}{{"i", errors.New("many"), 1}, {"j", errors.New("many"), 2}, {"i", errors.New("many"), 2}, {"j", nil, 2}, {"i", errors.New("many"), 2}, {"j", errors.New("many"), 3}} {
		f.sayOnce(record.Binding{ID: record.OwnAccess, InstanceID: said.instance}, said.why)
		if have := bytes.Count(lines.Bytes(), []byte("policies-limited")); have != said.logged {
			t.Fatalf("after %+v there are %d lines, want %d", said, have, said.logged)
		}
	}
}
