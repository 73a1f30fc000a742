package instance

import (
	"context"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// dashboardWait is how long an answer waits for it, others' turns included.
const dashboardWait = 5 * time.Second

// DashboardURL is where the instance can be looked at; empty if its chart has
// no dashboard. An instance serves without it: what is wrong is only logged.
func (s *Instances) DashboardURL(ctx context.Context, i record.Instance) string {
	service, plan, err := s.charts.Of(ctx, i.Chart, i.PlanID)
	if err != nil {
		s.log.Error("dashboard-url", err, lager.Data{"instance-id": i.ID})
		return ""
	}
	ctx, stop := context.WithTimeout(fair.WithTenant(ctx, locate.Tenant(i)), dashboardWait)
	defer stop()
	address, err := service.Seeded(i.Seed).DashboardURL(ctx, plan, i.Release, i.Namespace, i.Parameters)
	if err != nil {
		s.log.Error("dashboard-url", dashboardError(err, i), lager.Data{"instance-id": i.ID})
	}
	return address
}

// dashboardError is without parameters: a template's errors quote values.
func dashboardError(err error, i record.Instance) error {
	values, decodeErr := chart.DecodeParameters(i.Parameters)
	if decodeErr != nil {
		return decodeErr
	}
	return redact(err, values)
}
