package instance

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// checkCreate checks parameters before anything is made for them.
func (s *Instances) checkCreate(ctx context.Context, service chart.Service, plan chart.Plan, target tenant.Target, parameters json.RawMessage) error {
	if err := s.taking(plan).CheckCreate(parameters); err != nil {
		return &locate.InvalidError{Reason: err.Error()}
	}
	return checkValues(ctx, service, plan, target, parameters)
}

// taking is the plan with the parameters that developers may set, as PARAMETERS says.
func (s *Instances) taking(plan chart.Plan) chart.Plan {
	if s.settings.AnyParameters {
		return plan.TakingAnything()
	}
	return plan
}

// checkKept holds an instance's parameters, those of the update laid over those so far,
// against the plan that it is to have. Those so far may be from before the plan had a
// list, or had this one. It keeps them, or nothing of the instance could be changed
// any more. Another plan takes what it lists; one without a list keeps what such a plan
// took.
func (s *Instances) checkKept(ctx context.Context, i record.Instance, plan chart.Plan, parameters json.RawMessage) error {
	taking := s.taking(plan)
	switch {
	case plan.ID == i.PlanID:
		taking = plan.Keeping()
	case plan.AllowedParameters == nil:
		_, before, err := s.charts.Of(ctx, i.Chart, i.PlanID)
		if err != nil {
			return err
		}
		if before.AllowedParameters == nil {
			taking = plan.Keeping()
		}
	}
	if err := taking.CheckAllowed(parameters); err != nil {
		return &locate.InvalidError{Reason: "the parameters so far can't be kept: " + err.Error()}
	}
	return nil
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
