package access

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// mostOwn is how many policies of its own an instance can have at all: one takes up
// to 170 bytes of its record, and a Secret holds 1 MiB.
const mostOwn = 6000

// AdmitOwn returns an error if the instance, whose workloads are going to be in these
// policy groups, would need more policies of its own than it may have. Workloads that
// need no policy that it hasn't are let in: limits close nothing.
func (a *Access) AdmitOwn(i record.Instance, groups []string) error {
	if len(groups) == 0 || !a.WantsOwn(i) {
		return nil
	}
	own, err := a.records.Binding(i.ID, record.OwnAccess)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return err
	}
	_, err = a.ownWithinLimit(own, distinct(slices.Concat(groups, []string{i.PolicyGroup})), a.operatorsOf(i, own.SharedGroups))
	return err
}

// ownWithinLimit is ownNeed. If that is to open something and would then be of more
// policies than an instance may have, it returns an error too, and what has to be open
// all the same: what is and is still wanted, and the ways between these pods and
// operators or DNS, which are few.
func (a *Access) ownWithinLimit(own record.Binding, groups, operators []string) (need, error) {
	most := min(cmp.Or(a.settings.PoliciesPerInstance, mostOwn), mostOwn)
	// Of thousands of groups not even a list is made.
	if among := 2 * len(groups) * len(groups); a.settings.WithinInstance && among > max(most, len(own.Policies)) {
		return a.ownNeed(own, nil, operators), ownLimitError(among, most, len(groups))
	}
	wanted := a.ownNeed(own, groups, operators)
	if len(wanted.policies) > most && len(policy.Without(wanted.policies, own.Policies)) > 0 {
		return a.ownNeed(own, nil, operators), ownLimitError(len(wanted.policies), most, len(groups))
	}
	return wanted, nil
}

func ownLimitError(wanted, most, groups int) error {
	limit := fmt.Sprintf("POLICIES_PER_INSTANCE allows %d", most)
	if most == mostOwn {
		limit = fmt.Sprintf("whatever POLICIES_PER_INSTANCE is, the instance's record holds %d", most)
	}
	return fmt.Errorf("the pods of %d policy groups, the instance's own and one for each of its workloads, would need %d policies or more to reach each other, and %s; "+
		"have the chart make fewer workloads, or have the operator raise the limit or set POLICY_WITHIN_INSTANCE=false, or create an instance under another POLICY_DESTINATION",
		groups, wanted, limit)
}
