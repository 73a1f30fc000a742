package operation

import (
	"context"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// QuotaError says that a plan has as many instances as it may have.
type QuotaError struct {
	Plan  string
	Quota int
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("the plan %s is used up: there are %d service instances of it already, as many as its quota allows; delete one, choose another plan, or ask the operator", e.Plan, e.Quota)
}

// countIn finds out whether the plan has room for the instance, which doesn't
// count itself if it is there already. Until release is called nobody else is
// counted in.
func (e *Engine) countIn(ctx context.Context, p chart.Plan, id string) (release func(), err error) {
	if p.Quota == 0 {
		return func() {}, nil
	}
	release, err = e.quotas.acquire(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	instances, err := e.records.LiveInstances(ctx)
	if err != nil {
		release()
		return nil, err
	}
	count := 0
	for _, i := range instances {
		if i.ID != id && (i.PlanID == p.ID || i.Update != nil && i.Update.PlanID == p.ID) {
			count++
		}
	}
	if count >= p.Quota {
		release()
		return nil, &QuotaError{Plan: p.Name, Quota: p.Quota}
	}
	return release, nil
}
