package register

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// lacksError says which plans of the charts the broker's catalog lacks. It passes when the
// broker has been replaced or has read its charts.
type lacksError struct{ plans []string }

func (e *lacksError) Error() string {
	return "the broker's catalog lacks " + strings.Join(e.plans, ", ")
}

// RegisterWhole is Register until Cloud Foundry has got all plans of the charts: while a
// broker is being replaced, or reads its charts, the one from before may have answered.
// An access that can't be given doesn't end it.
func (r *Registrar) RegisterWhole(ctx context.Context, services []chart.Service) (result Result, err error) {
	changed := false
	var refused error
	err = r.again(ctx, func() error {
		result, refused = r.Register(ctx, services)
		changed = changed || result.Changed
		if len(result.NotOffered) > 0 {
			return &lacksError{result.NotOffered}
		}
		return nil
	})
	result.Changed = changed
	if err != nil {
		err = fmt.Errorf("%w; see that only brokers of this version run, have them read their charts again (/admin/charts/reload), and register again", err)
	}
	return result, errors.Join(refused, err)
}
