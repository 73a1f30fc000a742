package instance

import (
	"context"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// foresee records of which custom kinds' API groups objects are going to be made, and
// lets the operators of these kinds and the instance's pods, and a new instance's pods
// among themselves, reach each other before there are any. An update that fails leaves
// what the instance had. Workloads that would need more policies than an instance may
// have are refused before.
func (w *work) foresee(ctx context.Context, what tenant.Foreseen) error {
	uses, changed, known := append([]string{}, what.Uses...), w.instance, w.instance.APIGroups
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
	w.instance = changed
	if !slices.Equal(known, uses) { // that there are none is written with what comes next
		if err := w.change(ctx, func(*record.Operation) {}); err != nil {
			return err
		}
	}
	if w.instance.Update != nil && !w.access.UsesOperators(w.instance) {
		return nil // its own is open
	}
	return w.openOwn(ctx)
}
