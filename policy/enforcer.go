package policy

import "context"

// Enforcer makes policies true. Client does it by CF's external policy API;
// another could write NetworkPolicies, where apps are pods of the cluster
// themselves, or security groups, where pods are routable. Everything that
// decides which policies there have to be, and keeps them so, stays the same.
//
// All methods can be repeated: what exists is created, and what doesn't is
// deleted, without an error.
type Enforcer interface {
	// List returns all policies there are.
	List(ctx context.Context) ([]Policy, error)
	// ListTo returns those to the policy groups.
	ListTo(ctx context.Context, groups ...string) ([]Policy, error)
	// Create opens all of the policies, or returns an error.
	Create(ctx context.Context, policies []Policy) error
	// Delete closes all of the policies, which are matched exactly, port ranges
	// included, or returns an error.
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
