package instance

import (
	"context"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// foresee records of which custom kinds' API groups objects are going to be made, and
// lets the operators of these kinds and the instance's pods reach each other before
// there are any. An update that fails leaves what the instance had. Workloads that
// would need more policies than an instance may have are refused before.
func (w *work) foresee(ctx context.Context, what tenant.Foreseen) error {
	uses, changed, known := what.Uses, w.instance, w.instance.APIGroups
	if changed.Update != nil {
		update := *changed.Update
		known, update.APIGroups = update.APIGroups, uses
		changed.Update = &update
	} else {
		changed.APIGroups = uses
	}
	if err := w.access.AdmitOwn(changed, what.Groups); err != nil {
		return err
	}
	if known == nil || !slices.Equal(known, uses) {
		w.instance = changed
		if err := w.change(ctx, func(*record.Operation) {}); err != nil {
			return err
		}
	}
	if !w.access.UsesOperators(w.instance) {
		return nil
	}
	return w.openOwn(ctx)
}
