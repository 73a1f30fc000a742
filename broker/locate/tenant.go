package locate

import (
	"cmp"
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// Tenant is who takes turns for the instance: its space.
func Tenant(i record.Instance) string { return cmp.Or(i.SpaceGUID, i.OrganizationGUID) }

// ForSpace has what is asked of the API server for the instance, its records
// included, wait for its space's turn. What is done for no instance, or for one
// that isn't known, counts as the broker's own.
func ForSpace(ctx context.Context, records *record.Store, id string) context.Context {
	i, err := records.Instance(id)
	if err != nil {
		return ctx
	}
	return fair.WithTenant(ctx, Tenant(i))
}
