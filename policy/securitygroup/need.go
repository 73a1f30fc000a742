package securitygroup

import (
	"context"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// need is what a policy takes to be true.
type need struct {
	place
	destinations []string // none while no pod is ready: there is nothing to open then
}

// needs are those of the policies that are this network's: from an app of a binding to
// a group that pods are in.
func (e *Enforcer) needs(ctx context.Context, policies []policy.Policy) (map[policy.Policy]need, error) {
	type pods struct {
		found        bool
		destinations []string
	}
	known := map[string]pods{}
	all := map[policy.Policy]need{}
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
				return nil, fmt.Errorf("reading the addresses of policy group %s: %w", to, err)
			}
			at = pods{found, ranges(addresses)}
			known[to] = at
		}
		if at.found {
			all[p] = need{place{space, to}, at.destinations}
		}
	}
	return all, nil
}
