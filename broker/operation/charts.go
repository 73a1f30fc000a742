package operation

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// ErrNoPlan says that a chart has no such plan in the version that an
// instance is on.
var ErrNoPlan = errors.New("no such plan")

// charts finds the very chart that an instance was made from: the catalog's, or
// the one that is kept beside the records, since the catalog moves on.
type charts struct {
	catalog *chart.Live
	records *record.Store

	mu   sync.Mutex
	kept map[string]chart.Service // loaded from what is kept, by digest; guarded by mu
}

// of returns the chart and its plan.
func (c *charts) of(ctx context.Context, want record.Chart, planID string) (chart.Service, chart.Plan, error) {
	service, err := c.find(ctx, want)
	if err != nil {
		return chart.Service{}, chart.Plan{}, err
	}
	plan, found := service.Plan(planID)
	if !found {
		return chart.Service{}, chart.Plan{}, fmt.Errorf("%w: version %s of the chart %s doesn't have the plan with the id %q", ErrNoPlan, want.Version, want.Name, planID)
	}
	return service, plan, nil
}

func (c *charts) find(ctx context.Context, want record.Chart) (chart.Service, error) {
	if service, found := c.catalog.Catalog().Digest(want.Digest); found {
		return service, nil
	}
	c.mu.Lock()
	service, found := c.kept[want.Digest]
	c.mu.Unlock()
	if found {
		return service, nil
	}
	archive, err := c.records.LiveChart(ctx, want.Digest)
	if errors.Is(err, record.ErrNotFound) {
		return chart.Service{}, fmt.Errorf("version %s of the chart %s, which the instance was made from, is neither in the catalog nor kept any more", want.Version, want.Name)
	}
	if err != nil {
		return chart.Service{}, err
	}
	if service, err = chart.LoadArchive(archive, "the charts that are kept"); err != nil {
		return chart.Service{}, fmt.Errorf("reading version %s of the chart %s as it was kept: %w", want.Version, want.Name, err)
	}
	c.mu.Lock()
	c.kept[want.Digest] = service
	c.mu.Unlock()
	return service, nil
}

// keep has the chart outlive the catalog.
func (c *charts) keep(ctx context.Context, s chart.Service) error {
	return c.records.KeepChart(ctx, ChartOf(s), s.Archive())
}

// ForgetCharts removes what is kept of charts that neither the catalog nor an
// instance needs.
func (e *Engine) ForgetCharts(ctx context.Context) {
	instances, err := e.records.LiveInstances(ctx)
	if err != nil {
		// A record that can't be read may need any of them.
		e.log.Error("forgetting-charts", err)
		return
	}
	used := map[string]bool{}
	for _, i := range instances {
		used[i.Chart.Digest] = true
		if i.Update != nil {
			used[i.Update.Chart.Digest] = true
		}
	}
	err = e.records.ForgetCharts(ctx, func(digest string) bool {
		_, offered := e.charts.catalog.Catalog().Digest(digest)
		return offered || used[digest]
	})
	if err != nil {
		e.log.Error("forgetting-charts", err, lager.Data{})
	}
	e.charts.mu.Lock()
	defer e.charts.mu.Unlock()
	for digest := range e.charts.kept {
		if !used[digest] {
			delete(e.charts.kept, digest)
		}
	}
}
