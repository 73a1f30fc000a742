package instance

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// checkCreate checks parameters before anything is made for them.
func checkCreate(ctx context.Context, service chart.Service, plan chart.Plan, target tenant.Target, parameters json.RawMessage) error {
	if err := plan.CheckCreate(parameters); err != nil {
		return &locate.InvalidError{Reason: err.Error()}
	}
	return checkValues(ctx, service, plan, target, parameters)
}

// checkValues holds the values that an instance would get against the schema
// of the chart. What is the chart's own mistake is no InvalidError.
func checkValues(ctx context.Context, service chart.Service, plan chart.Plan, target tenant.Target, parameters json.RawMessage) error {
	err := service.CheckValues(ctx, plan, target.Release, target.Namespace, parameters)
	var refused *chart.RefusedError
	if errors.As(err, &refused) {
		return &locate.InvalidError{Reason: "the parameters are refused by the chart: " + refused.Error()}
	}
	return err
}
