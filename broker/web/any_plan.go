package web

import (
	"context"

	"github.com/pivotal-cf/brokerapi/v10/domain"
)

// anyPlan lets requests for plans that aren't in the catalog reach the broker.
// brokerapi's provision handler answers 400 for them by itself, also where the
// same request was carried out before the plan was retired.
type anyPlan struct{ domain.ServiceBroker }

type planKey struct{}

// withPlan notes which plan a request's body names.
func withPlan(ctx context.Context, serviceID, planID string) context.Context {
	return context.WithValue(ctx, planKey{}, domain.Service{ID: serviceID, Plans: []domain.ServicePlan{{ID: planID}}})
}

// Services returns the catalog or, within a request that names a plan, just
// that.
func (a anyPlan) Services(ctx context.Context) ([]domain.Service, error) {
	if named, found := ctx.Value(planKey{}).(domain.Service); found {
		return []domain.Service{named}, nil
	}
	return a.ServiceBroker.Services(ctx)
}
