package register

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// RegisterWhole is Register until Cloud Foundry has got all plans of the charts: while a
// broker is being replaced, or reads its charts, the one from before may have answered.
// An access that can't be given doesn't end it.
func (r *Registrar) RegisterWhole(ctx context.Context, services []chart.Service) (Result, error) {
	changed := false
	for pause := r.pauses.first; ; pause = min(2*pause, r.pauses.longest) {
		result, err := r.Register(ctx, services)
		changed = changed || result.Changed
		result.Changed = changed
		if len(result.NotOffered) == 0 {
			return result, err
		}
		lacks := fmt.Errorf("the broker's catalog lacks %s", strings.Join(result.NotOffered, ", "))
		if end, limited := ctx.Deadline(); ctx.Err() != nil || limited && time.Until(end) < pause {
			return result, errors.Join(err, fmt.Errorf("given up after waiting: %w; see that only brokers of this version run, have them read their charts again (/admin/charts/reload), and register again", lacks))
		}
		r.tell.Waiting(fmt.Sprintf("%v; trying again in %s", lacks, pause))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
