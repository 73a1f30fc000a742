package policy

import "context"

// The networks that there are ways to enforce policies on.
const (
	// C2C is Silk, by CF's external policy API.
	C2C = "c2c"
	// NetworkPolicy is a cluster that apps' pods are on too, by its NetworkPolicies.
	NetworkPolicy = "networkpolicy"
	// SecurityGroup is cells that route to pods, by application security groups.
	SecurityGroup = "securitygroup"
)

// Enforcer makes policies true on one network: c2c by CF's external policy API. What
// decides which policies there have to be, and keeps them so, is the same for all.
//
// A network may have nothing to do with some policies, as with those between pods
// where only apps are kept out. It then neither misses them nor has them left.
//
// All methods can be repeated: what exists is created, and what doesn't is deleted,
// without an error. One look at the network serves a call of Missing, however many
// policies it is asked for.
type Enforcer interface {
	// Missing returns those of the policies that aren't wholly true. With an UnseenError
	// it does so as far as it could look; with any other nothing is known.
	Missing(ctx context.Context, wanted []Policy) ([]Policy, error)
	// Left returns those of the policies that are true, be it in part. Its errors are
	// as those of Missing.
	Left(ctx context.Context, closed []Policy) ([]Policy, error)
	// Create opens all of the policies, or returns an error.
	Create(ctx context.Context, policies []Policy) error
	// Delete closes all of the policies, which are matched exactly, port ranges
	// included, or returns an error; then some may be closed.
	Delete(ctx context.Context, policies []Policy) error
}

// Placeholders makes policy groups that CF's cleanup spares. Client does it by
// apps that never run.
type Placeholders interface {
	EnsurePlaceholder(ctx context.Context, instanceID string) (group string, err error)
	// LivePlaceholders returns the groups that there are, of all instances.
	LivePlaceholders(ctx context.Context) (map[string]bool, error)
	// DeletePlaceholder deletes it. group is its GUID if that is known.
	DeletePlaceholder(ctx context.Context, instanceID, group string) error
}
