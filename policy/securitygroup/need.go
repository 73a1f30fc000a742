package securitygroup

import (
	"context"
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// need is what a policy takes to be true.
type need struct {
	place
	destinations []string // none while no pod is ready: there is nothing to open then
}

// needs are those of the policies that are this network's: from an app of a binding to
// a group that pods are in. The error is a policy.UnseenError: of which of them the
// pods' addresses can't be read, and why.
func (e *Enforcer) needs(ctx context.Context, policies []policy.Policy) (map[policy.Policy]need, error) {
	type pods struct {
		found        bool
		destinations []string
		failed       error
	}
	known := map[string]pods{}
	all := map[policy.Policy]need{}
	var unknown []policy.Policy
	var failed []error
	for _, p := range policies {
		space, isApp := e.ends.App(p.Source.ID)
		if !isApp {
			continue
		}
		to := p.Destination.ID
		at, asked := known[to]
		if !asked {
			addresses, found, err := e.ends.Addresses(ctx, to)
			if err != nil {
				failed = append(failed, fmt.Errorf("reading the addresses of policy group %s: %w", to, err))
			}
			at = pods{found, ranges(addresses), err}
			known[to] = at
		}
		switch {
		case at.failed != nil:
			unknown = append(unknown, p)
		case at.found:
			all[p] = need{place{space, to}, at.destinations}
		}
	}
	return all, policy.Unseen(unknown, errors.Join(failed...))
}
