package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// remakePlaceholders makes the placeholder apps again that somebody has deleted.
// It logs what fails, once as long as it is the same, and returns it: policies
// are kept true without the apps as well, if less well.
func (r *Rounds) remakePlaceholders(ctx context.Context, before string) (failed string) {
	err := r.findPlaceholders(ctx)
	if err == nil || ctx.Err() != nil {
		return ""
	}
	if err.Error() != before {
		r.log.Error("remaking-placeholders", err)
	}
	return err.Error()
}

func (r *Rounds) findPlaceholders(ctx context.Context) error {
	wanting := slices.DeleteFunc(r.records.Instances(), func(i record.Instance) bool {
		return locate.PolicyTarget(i.Destination) != locate.ToApp || i.PolicyGroup == "" || !i.Usable() || i.Operation.Running()
	})
	if len(wanting) == 0 || r.settings.Placeholders == nil {
		return nil
	}
	live, err := r.settings.Placeholders.LivePlaceholders(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, i := range wanting {
		if !live[i.PolicyGroup] {
			failed = append(failed, r.regroup(ctx, i))
		}
	}
	return errors.Join(failed...)
}

// regroup makes the instance's placeholder app again. It has another GUID, and a
// pod's policy group is read once: so pods made from now on are in the new
// group, those that run stay in the old one, and apps are let to both. All of it
// is repeated until the record says so.
func (r *Rounds) regroup(ctx context.Context, i record.Instance) error {
	group, err := r.settings.Placeholders.EnsurePlaceholder(ctx, i.ID)
	if err != nil || group == i.PolicyGroup {
		return err
	}
	former := i.PolicyGroup
	i.FormerGroups, i.PolicyGroup = append(slices.Clone(i.FormerGroups), former), group
	cluster, err := r.follower.clusters.Of(ctx, i)
	if err != nil {
		return err
	}
	if err := cluster.Regroup(ctx, locate.Namespace(i, "", chart.Plan{})); err != nil {
		return err
	}
	if _, err := r.records.UpdateInstance(ctx, i); err != nil {
		return fmt.Errorf("recording the new policy group of service instance %s: %w", i.ID, err)
	}
	r.log.Info("placeholder-made-again", lager.Data{"instance-id": i.ID, "group": group, "former": former})
	return nil
}
