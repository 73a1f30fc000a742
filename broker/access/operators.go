package access

import (
	"context"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// OpenOperator is OpenOwn for an operator, whose pods are in the group. Instances
// that use it open the way to it, and from it to them, with their own.
func (a *Access) OpenOperator(ctx context.Context, group, chart string) error {
	if !a.Enforced() {
		return nil
	}
	release, err := a.Hold(ctx, group)
	if err != nil {
		return err
	}
	defer release()
	own, err := a.own(ctx, record.Binding{ID: record.OwnAccess, InstanceID: group, Operator: &record.Operator{Chart: chart}, State: record.Bound})
	if err != nil {
		return err
	}
	return a.opensOwn(ctx, own, a.ownNeed(own, []string{group}, nil))
}

// NoteServes records in which API groups an operator defines kinds: in these beside
// those from before or, where exactly, in these alone. Instances follow.
func (a *Access) NoteServes(ctx context.Context, group string, serves []string, exactly bool) error {
	if !a.Enforced() {
		return nil
	}
	release, err := a.Hold(ctx, group)
	if err != nil {
		return err
	}
	defer release()
	own, err := a.records.LiveBinding(ctx, group, record.OwnAccess)
	if err != nil || own.Operator == nil {
		return err
	}
	if !exactly {
		serves = distinct(slices.Concat(own.Operator.Serves, serves))
	}
	if slices.Equal(own.Operator.Serves, serves) {
		return nil
	}
	own.Operator = &record.Operator{Chart: own.Operator.Chart, Serves: serves}
	_, err = a.records.UpdateBinding(ctx, own)
	return err
}

// UsesOperators tells whether the instance makes custom resources that operators
// define.
func (a *Access) UsesOperators(i record.Instance) bool { return len(a.operatorsOf(i, nil)) > 0 }

// operatorsOf are the policy groups of the operators that an instance uses, of which
// it has opened some. Operators are on the broker's own cluster.
func (a *Access) operatorsOf(i record.Instance, opened []string) (groups []string) {
	if i.Cluster != "" {
		return nil
	}
	for _, b := range a.records.Operators() {
		if usesOperator(i, b.Operator.Serves, slices.Contains(opened, b.InstanceID)) {
			groups = append(groups, b.InstanceID)
		}
	}
	return groups
}

// usesOperator tells whether an instance, or its running update, makes custom
// resources in the API groups that an operator defines kinds in. Of an instance whose
// objects aren't known that stays so which was opened.
func usesOperator(i record.Instance, serves []string, opened bool) bool {
	uses := i.APIGroups
	if i.Update != nil {
		uses = slices.Concat(uses, i.Update.APIGroups)
	}
	return opened && i.APIGroups == nil || slices.ContainsFunc(serves, func(group string) bool { return slices.Contains(uses, group) })
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
