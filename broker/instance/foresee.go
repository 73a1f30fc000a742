package instance

import (
	"context"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// foresee records of which custom kinds' API groups objects are going to be made, and
// lets the operators of these kinds and the instance's pods reach each other before
// there are any. An update that fails leaves what the instance had.
func (w *work) foresee(ctx context.Context, uses, _ []string) error {
	changed, known := w.instance, w.instance.APIGroups
	if changed.Update != nil {
		update := *changed.Update
		known, update.APIGroups = update.APIGroups, uses
		changed.Update = &update
	} else {
		changed.APIGroups = uses
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
