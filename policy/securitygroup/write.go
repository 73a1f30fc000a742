package securitygroup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// attempts is how often a group is read and written until it holds what was written.
const attempts = 8

// change is what some of a group's policies are to lead to; none: nowhere any more.
type change map[policy.Policy][]string

func (c change) opens() bool {
	for _, destinations := range c {
		if len(destinations) > 0 {
			return true
		}
	}
	return false
}

// write makes a change of one group true.
//
// The cloud controller's updates replace all rules, and know no precondition: of two
// replicas that write at once, one undoes the other's change. So the group is read again
// after each write, until nothing is left to do. What other policies the group holds
// then is held against the records: this write may have brought back one that was
// closed between its read and its write. One that this write has undone is missing to
// the next round.
func (e *Enforcer) write(ctx context.Context, at place, c change) error {
	release, err := e.turn(ctx, at.name())
	if err != nil {
		return err
	}
	defer release()
	for attempt := range attempts {
		before, exists, err := e.find(ctx, at)
		if errors.Is(err, errNotOurs) && !c.opens() {
			return nil // what is left of it somebody has added by hand
		}
		if err != nil {
			return err
		}
		if attempt > 0 {
			if err := e.addStrays(ctx, before, c); err != nil {
				return err
			}
		}
		if e.done(before, c) {
			return nil
		}
		if err := e.step(ctx, before, exists, c); err != nil {
			return fmt.Errorf("changing the security group %s: %w", at.name(), err)
		}
	}
	return fmt.Errorf("the security group %s was changed by others %d times while it was being changed; try again", at.name(), attempts)
}

// done tells whether the change is true.
func (e *Enforcer) done(g group, c change) bool {
	for p, destinations := range c {
		if !sameDestinations(g.rules[p], destinations) {
			return false
		}
	}
	return !c.opens() || e.bound(g)
}

// step sends what is to be sent next.
func (e *Enforcer) step(ctx context.Context, before group, exists bool, c change) error {
	rules, err := e.rulesAfter(before, c)
	if err != nil {
		return err
	}
	switch {
	case !exists:
		return e.make(ctx, before.place, rules)
	case len(rules) == 0:
		return e.remove(ctx, before.guid)
	}
	if err := e.update(ctx, before.guid, rules); err != nil {
		return err
	}
	return e.bind(ctx, before)
}

// rulesAfter are all rules of the group after the change, those that others have made
// first. More than the group may hold are refused.
func (e *Enforcer) rulesAfter(g group, c change) ([]*resource.SecurityGroupRule, error) {
	rules := slices.Clone(g.foreign)
	for _, p := range sorted(g.rules) {
		if _, changed := c[p]; !changed {
			rules = append(rules, g.rules[p]...)
		}
	}
	for _, p := range sorted(c) {
		rules = append(rules, rulesOf(p, c[p])...)
	}
	if c.opens() && len(rules) > e.settings.MaxRules {
		return nil, fmt.Errorf("it would hold %d rules, and may hold %d, one for each app, range of ports and range of addresses; "+
			"narrow the plan's ports, have fewer pods or apps, or raise SECURITY_GROUP_MAX_RULES", len(rules), e.settings.MaxRules)
	}
	return rules, nil
}

func sorted[V any](of map[policy.Policy]V) []policy.Policy {
	all := make([]policy.Policy, 0, len(of))
	for p := range of {
		all = append(all, p)
	}
	return policy.Unique(all)
}

// make creates a group bound to its space, in one request: there is none that counts
// for nobody.
func (e *Enforcer) make(ctx context.Context, at place, rules []*resource.SecurityGroupRule) error {
	to := resource.ToManyRelationships{Data: []resource.Relationship{{GUID: at.space}}}
	body := resource.SecurityGroupCreate{Name: at.name(), Rules: rules, Relationships: map[string]resource.ToManyRelationships{"running_spaces": to}}
	if e.settings.Staging {
		body.Relationships["staging_spaces"] = to
	}
	_, err := e.call(ctx, "create-security-group", http.MethodPost, "/security_groups", body, nil)
	if !cfapi.Refused(err, cfapi.CloudController, http.StatusUnprocessableEntity) {
		return err
	}
	// Another replica may have taken the name just now.
	if _, exists, findErr := e.find(ctx, at); findErr == nil && exists {
		return nil
	}
	return explained(err)
}

func (e *Enforcer) update(ctx context.Context, guid string, rules []*resource.SecurityGroupRule) error {
	body := struct {
		Rules []*resource.SecurityGroupRule `json:"rules"`
	}{rules}
	_, err := e.call(ctx, "update-security-group", http.MethodPatch, "/security_groups/"+guid, body, nil)
	return explained(unlessGone(err))
}

func (e *Enforcer) bind(ctx context.Context, g group) error {
	body := resource.ToManyRelationships{Data: []resource.Relationship{{GUID: g.space}}}
	for kind, bound := range map[string]bool{"running": g.running, "staging": g.staging || !e.settings.Staging} {
		if bound {
			continue
		}
		path := fmt.Sprintf("/security_groups/%s/relationships/%s_spaces", g.guid, kind)
		if _, err := e.call(ctx, "bind-security-group", http.MethodPost, path, body, nil); unlessGone(err) != nil {
			return explained(err)
		}
	}
	return nil
}

func (e *Enforcer) remove(ctx context.Context, guid string) error {
	header, err := e.call(ctx, "delete-security-group", http.MethodDelete, "/security_groups/"+guid, nil, nil)
	if err != nil {
		return unlessGone(err)
	}
	if job := cfapi.JobIn(header.Get("Location")); job != "" {
		return e.api.AwaitJob(ctx, job, Admin)
	}
	return nil // the next look tells whether it is gone
}

// addStrays adds to the change that policies go which the group holds and no live
// binding needs.
func (e *Enforcer) addStrays(ctx context.Context, g group, c change) error {
	others := slices.DeleteFunc(sorted(g.rules), func(p policy.Policy) bool {
		_, ours := c[p]
		return ours
	})
	if len(others) == 0 {
		return nil
	}
	needed, err := e.ends.Needed(ctx, others)
	if err != nil {
		return fmt.Errorf("reading who else needs the security group %s: %w", g.name(), err)
	}
	for _, p := range policy.Without(others, needed) {
		c[p] = nil
	}
	return nil
}

// unlessGone is nil if another has deleted the group meanwhile, which the next look
// tells. A router's 404 isn't the cloud controller's.
func unlessGone(err error) error {
	var refused *policy.Error
	if cfapi.Refused(err, cfapi.CloudController, http.StatusNotFound) && errors.As(err, &refused) && refused.Fix == "" {
		return nil
	}
	return err
}
