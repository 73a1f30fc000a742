package operation

import (
	"context"
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
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
// counted in by this replica; others see to it by recount.
func (e *Engine) countIn(ctx context.Context, p chart.Plan, id string) (release func(), err error) {
	if p.Quota == 0 {
		return func() {}, nil
	}
	release, err = e.quotas.acquire(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if err := e.recount(ctx, p, id); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// recount returns a QuotaError if there are as many others as the plan may
// have. After the instance has been recorded it tells whether another replica
// was faster.
func (e *Engine) recount(ctx context.Context, p chart.Plan, id string) error {
	if p.Quota == 0 {
		return nil
	}
	instances, err := e.records.LiveInstances(ctx)
	// A damaged record may be of any plan; it isn't counted.
	if err != nil && !errors.Is(err, record.ErrDamaged) {
		return err
	}
	others := 0
	for _, i := range instances {
		if i.ID != id && (i.PlanID == p.ID || i.Update != nil && i.Update.PlanID == p.ID) {
			others++
		}
	}
	if others >= p.Quota {
		return &QuotaError{Plan: p.Name, Quota: p.Quota}
	}
	return nil
}
