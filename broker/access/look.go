package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// sights are what was seen of each network that was looked at.
type sights map[string]sight

// sight is a look at one network: for what is missing there, or for what is left.
type sight struct {
	found, unknown policy.Set
	blind          bool // nothing is known
}

// seeing is what an enforcer is asked: policy.Enforcer.Missing or policy.Enforcer.Left.
type seeing func(e policy.Enforcer, ctx context.Context, policies []policy.Policy) ([]policy.Policy, error)

// look has each network that has policies of the bindings looked at, once. One that isn't
// enforced any more counts until its bindings are open on what is: that may take long.
func (a *Access) look(ctx context.Context, bindings []record.Binding, see seeing) (sights, error) {
	seen, errs := sights{}, []error(nil)
	for network, enforcer := range a.networks.Enforcers {
		on := policiesOn(network, bindings)
		if len(on) == 0 {
			continue
		}
		found, err := see(enforcer, ctx, on)
		var partly *policy.UnseenError
		switch {
		case err == nil:
			seen[network] = sight{found: policy.SetOf(found)}
			continue
		case errors.As(err, &partly):
			seen[network] = sight{found: policy.SetOf(found), unknown: policy.SetOf(partly.Policies)}
		default:
			seen[network] = sight{blind: true}
		}
		errs = append(errs, fmt.Errorf("looking for policies on the network %s: %w", network, err))
	}
	return seen, errors.Join(errs...)
}

// finds tells whether any of what the binding opens was found on one of its networks.
func (s sights) finds(b record.Binding) bool {
	return slices.ContainsFunc(b.On(), func(network string) bool { return slices.ContainsFunc(b.PoliciesOn(network), s[network].found.Has) })
}

// unsure tells whether what the binding opens couldn't be looked at, on some network.
func (s sights) unsure(b record.Binding) bool {
	return slices.ContainsFunc(b.On(), func(network string) bool {
		return s[network].blind || slices.ContainsFunc(b.Policies, s[network].unknown.Has)
	})
}

// whole tells whether all of all networks could be looked at: then what wasn't found isn't
// there.
func (s sights) whole() bool {
	for _, on := range s {
		if on.blind || len(on.unknown) > 0 {
			return false
		}
	}
	return true
}

// payable tells, of looks for what is left on networks and in CredHub, whether there is
// anything to be done now about a binding that owes. What is left, be it in part, is closed,
// whatever other networks answer: a round may have opened it again beside the unbind. A
// binding of which nothing is left is forgotten, once nobody may be opening anything for it,
// by a look at all of its networks.
func (s sights) payable(b record.Binding, kept vault, settled bool) bool {
	return s.finds(b) || kept.finds(b) || settled && !s.unsure(b) && !kept.unsure(b)
}

// policiesOf are what the bindings open, and policiesOn what of it the network has to have.
func policiesOf(bindings []record.Binding) []policy.Policy {
	var all []policy.Policy
	for _, b := range bindings {
		all = append(all, b.Policies...)
	}
	return policy.Unique(all)
}

func policiesOn(network string, bindings []record.Binding) []policy.Policy {
	var all []policy.Policy
	for _, b := range bindings {
		all = append(all, b.PoliciesOn(network)...)
	}
	return policy.Unique(all)
}
