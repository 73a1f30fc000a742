package securitygroup

import (
	"context"
	"net/netip"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Ends knows what is at the ends of policies.
type Ends interface {
	// App returns the GUID of the space that an app is in, of which there is a
	// binding; a bind's bind_resource.space_guid, since an instance may be shared
	// with other spaces than its own. found is false for any other source.
	App(guid string) (space string, found bool)
	// Addresses are those of the pods in a policy group that are meant to serve, in any order; none
	// while there is no pod. found is false for a group that no pods are to be in.
	Addresses(ctx context.Context, group string) (addresses []netip.Addr, found bool, err error)
	// Needed returns those of the policies that a live binding needs, one that is
	// being made too, and none that is being revoked: by the records as they are
	// when it is called, and not by a cache of them. Replicas change a group
	// without knowing of one another; so whoever has written one asks this, and
	// takes out what its write has brought back of a policy that was closed.
	Needed(ctx context.Context, policies []policy.Policy) ([]policy.Policy, error)
}
