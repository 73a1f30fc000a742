package access

import (
	"context"
	"errors"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// OpenOwn sees to what the instance's pods need before they start: their policy
// group, and access to one another and to the cluster's DNS. It is recorded
// like a binding, before anything is made in Cloud Foundry, and so is kept
// true, closed by a delete, and found again after a crash. ensureGroup then sees
// to the policy group, and returns it.
//
// It doesn't wait for the policy server: what couldn't be opened now, rounds
// open.
func (a *Access) OpenOwn(ctx context.Context, i record.Instance, ensureGroup func(context.Context) (string, error)) error {
	release, err := a.Hold(ctx, i.ID)
	if err != nil {
		return err
	}
	defer release()
	made, err := a.openFirst(ctx, i)
	if made || err != nil {
		return err
	}
	own, err := a.ownRecord(ctx, i)
	if err != nil {
		return err
	}
	group, err := ensureGroup(ctx)
	if err != nil {
		return err
	}
	return a.opensOwn(ctx, own, a.ownNeed(own, []string{group}, a.operatorsOf(i, own.SharedGroups)))
}

// openFirst opens an instance's own access that has no record yet, and whose policy
// group is known: what it opens is recorded with it, in one write. made is false where
// there is a record.
func (a *Access) openFirst(ctx context.Context, i record.Instance) (made bool, err error) {
	if _, err := a.records.RecentBinding(i.ID, record.OwnAccess); i.PolicyGroup == "" || !errors.Is(err, record.ErrNotFound) {
		return false, nil // OpenOwn reads what there is
	}
	own := a.newOwn(i)
	wanted := a.ownNeed(own, []string{i.PolicyGroup}, a.operatorsOf(i, nil))
	own.Policies, own.SharedGroups, own.Networks = policy.Unique(wanted.policies), distinct(wanted.shared), wanted.networks
	own.UnsettledUntil = time.Now().Add(a.requestLife()).UTC()
	own, err = a.records.CreateBinding(ctx, own)
	if errors.Is(err, record.ErrExists) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := a.grant(ctx, closing(own, need{})); err != nil {
		a.leaveToRounds(own, err)
		return true, nil
	}
	a.posted.note(own)
	return true, nil
}

// opensOwn has the own access of an instance, or of an operator, be what it needs,
// now or soon. It wants the instance held.
func (a *Access) opensOwn(ctx context.Context, own record.Binding, wanted need) error {
	var pending *PendingError
	err := a.follows(ctx, own, wanted)
	if errors.As(err, &pending) {
		a.leaveToRounds(own, err)
		return nil
	}
	return err
}

func (a *Access) leaveToRounds(own record.Binding, cause error) {
	a.log.Error("own-access-pending", cause, bindingData(own))
	a.AskRound()
}

// WantsOwn tells whether the instance has access of its own to be recorded.
func (a *Access) WantsOwn(i record.Instance) bool {
	return a.Enforced() && (locate.PolicyTarget(i.Destination) == locate.ToApp || a.settings.WithinInstance || a.settings.DNSGroup != "" || len(a.records.Operators()) > 0)
}

// ownRecord returns the record of the instance's own access.
func (a *Access) ownRecord(ctx context.Context, i record.Instance) (record.Binding, error) {
	return a.own(ctx, a.newOwn(i))
}

// newOwn is the record of an instance's own access before it opens anything.
func (a *Access) newOwn(i record.Instance) record.Binding {
	return record.Binding{
		ID: record.OwnAccess, InstanceID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID,
		Origin: i.Operation.Origin, Started: i.Operation.Started, Placeholder: locate.PolicyTarget(i.Destination) == locate.ToApp, State: record.Bound,
	}
}

// own returns a record of own access, made now if there is none, or made live again
// if an earlier instance of the id has left it.
func (a *Access) own(ctx context.Context, wanted record.Binding) (record.Binding, error) {
	own, err := a.records.LiveBinding(ctx, wanted.InstanceID, record.OwnAccess)
	if errors.Is(err, record.ErrNotFound) {
		own, err = a.records.CreateBinding(ctx, wanted)
	}
	if errors.Is(err, record.ErrExists) { // the follower makes it as well
		own, err = a.records.LiveBinding(ctx, wanted.InstanceID, record.OwnAccess)
	}
	if err == nil && own.State == record.Revoking {
		own.State, own.Placeholder = record.Bound, own.Placeholder || wanted.Placeholder
		return a.records.UpdateBinding(ctx, own)
	}
	return own, err
}

// ownPolicies are what pods of these policy groups need: every port of each
// other, and DNS.
func (a *Access) ownPolicies(groups []string) []policy.Policy {
	all := a.dnsPolicies(groups)
	for _, from := range groups {
		for _, to := range groups {
			if a.settings.WithinInstance {
				all = append(all, policy.Range(from, to, "tcp", 1, 65535), policy.Range(from, to, "udp", 1, 65535))
			}
		}
	}
	return policy.Unique(all)
}

func (a *Access) dnsPolicies(groups []string) (all []policy.Policy) {
	if a.settings.DNSGroup == "" {
		return nil
	}
	for _, from := range groups {
		all = append(all, policy.To(from, a.settings.DNSGroup, "tcp", 53), policy.To(from, a.settings.DNSGroup, "udp", 53))
	}
	return all
}

// dismiss removes what belongs to the record of an instance's own access, once
// its policies are closed.
func (a *Access) dismiss(ctx context.Context, b record.Binding) error {
	if !b.Placeholder {
		return nil
	}
	if a.settings.Placeholders == nil {
		a.log.Error("placeholder-left", errors.New("the placeholder app can't be deleted, since no CF API is configured any more; delete the app cf-helm-broker-"+b.InstanceID+" by hand"), bindingData(b))
		return nil
	}
	return a.settings.Placeholders.DeletePlaceholder(ctx, b.InstanceID, b.PlaceholderGUID)
}
