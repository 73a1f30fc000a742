package access

import (
	"context"
	"errors"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// OpenOperator is OpenOwn for an operator, whose pods are in the group. Instances
// that use it open the way to it, and from it to them, with their own.
func (a *Access) OpenOperator(ctx context.Context, group string, operator record.Operator) error {
	if !a.Enforced() {
		return nil
	}
	release, err := a.Hold(ctx, group)
	if err != nil {
		return err
	}
	defer release()
	own, err := a.own(ctx, record.Binding{ID: record.OwnAccess, InstanceID: group, Operator: &operator, State: record.Bound})
	if err != nil {
		return err
	}
	if !slices.Equal(own.Operator.Serves, operator.Serves) {
		own.Operator = &operator
		if own, err = a.records.UpdateBinding(ctx, own); err != nil {
			return err
		}
	}
	return a.opensOwn(ctx, own, a.ownNeed(own, []string{group}, nil))
}

// operatorsOf are the policy groups of the operators that an instance uses: its
// chart makes custom resources that they define. Operators are on the broker's own
// cluster.
func (a *Access) operatorsOf(ctx context.Context, i record.Instance) (groups []string, err error) {
	operators := a.records.Operators()
	if len(operators) == 0 || i.Cluster != "" {
		return nil, nil
	}
	service, _, err := a.charts.Of(ctx, i.Chart, i.PlanID)
	if errors.Is(err, locate.ErrNoPlan) {
		err = nil
	}
	for _, b := range operators {
		if service.UsesAny(b.Operator.Serves) {
			groups = append(groups, b.InstanceID)
		}
	}
	return groups, err
}

// operatorPolicies let pods of these groups and operators reach each other, in
// both directions: operators look at what they have made, and agents report to them.
func operatorPolicies(groups, operators []string) (all []policy.Policy) {
	for _, group := range groups {
		for _, operator := range operators {
			for _, protocol := range []string{"tcp", "udp"} {
				all = append(all, policy.Range(group, operator, protocol, 1, 65535), policy.Range(operator, group, protocol, 1, 65535))
			}
		}
	}
	return all
}
