package locate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// ErrNoPlan says that a chart has no such plan in the version that an
// instance is on.
var ErrNoPlan = errors.New("no such plan")

// Charts finds the very chart that an instance was made from: the catalog's, or
// the one that is kept beside the records, since the catalog moves on.
type Charts struct {
	offered *chart.Live
	records *record.Store
	texts   *render.Texts

	// forgetting is held for writing while charts are forgotten, and for reading
	// from a look at the catalog until an instance is on the chart found there.
	forgetting sync.RWMutex

	mu   sync.Mutex
	kept map[string]chart.Service // loaded from what is kept, by digest; guarded by mu
	// sure are the digests of charts that are known to be kept, while this replica leads,
	// since nobody else forgets any then; nil: it doesn't lead. Guarded by mu.
	sure map[string]bool
}

// NewCharts finds charts in the catalog and among those that are kept.
func NewCharts(catalog *chart.Live, records *record.Store, texts *render.Texts) *Charts {
	return &Charts{offered: catalog, records: records, texts: texts, kept: map[string]chart.Service{}}
}

// Catalog is what is offered now.
func (c *Charts) Catalog() chart.Catalog { return c.offered.Catalog() }

// SharedService is the shared service that is in the policy group, of these or of any
// plan's in the catalog.
func (c *Charts) SharedService(also []chart.SharedService, group string) (found chart.SharedService, is bool) {
	in := func(all []chart.SharedService) bool {
		at := slices.IndexFunc(all, func(s chart.SharedService) bool { return s.Group == group })
		if is = at >= 0; is {
			found = all[at]
		}
		return is
	}
	if in(also) {
		return found, true
	}
	for _, s := range c.Catalog().Services {
		if slices.ContainsFunc(s.Plans, func(p chart.Plan) bool { return in(p.Destinations) }) {
			return found, true
		}
	}
	return chart.SharedService{}, false
}

// Of returns the chart and its plan. The error is ErrNoPlan if the chart's
// version has no such plan.
func (c *Charts) Of(ctx context.Context, want record.Chart, planID string) (chart.Service, chart.Plan, error) {
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

func (c *Charts) find(ctx context.Context, want record.Chart) (chart.Service, error) {
	if service, found := c.offered.Catalog().Digest(want.Digest); found {
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
	if service, err = chart.LoadArchive(archive, "the charts that are kept", c.texts); err != nil {
		return chart.Service{}, fmt.Errorf("reading version %s of the chart %s as it was kept: %w", want.Version, want.Name, err)
	}
	c.mu.Lock()
	c.kept[want.Digest] = service
	c.mu.Unlock()
	return service, nil
}

// Hold keeps charts from being forgotten until the returned function is called.
func (c *Charts) Hold() (release func()) {
	c.forgetting.RLock()
	return c.forgetting.RUnlock
}

// KeepAs is Keep for a chart that has been found before.
func (c *Charts) KeepAs(ctx context.Context, chart record.Chart) error {
	service, err := c.find(ctx, chart)
	if err != nil {
		return err
	}
	return c.Keep(ctx, service)
}

// Lead has this replica be the only one that forgets charts, until end is called.
func (c *Charts) Lead() (end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sure = map[string]bool{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sure = nil
	}
}

// Keep has the chart outlive the catalog.
func (c *Charts) Keep(ctx context.Context, s chart.Service) error {
	c.mu.Lock()
	sure := c.sure[s.Digest]
	c.mu.Unlock()
	if sure {
		return nil
	}
	if err := c.records.KeepChart(ctx, ChartOf(s), s.Archive()); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sure != nil {
		c.sure[s.Digest] = true
	}
	return nil
}

// Tidy removes what is kept of charts that neither the catalog nor an instance
// needs. It is for the replica that leads.
func (c *Charts) Tidy(ctx context.Context) error {
	c.forgetting.Lock()
	defer c.forgetting.Unlock()
	instances, err := c.records.LiveInstances(ctx)
	if err != nil {
		return err // a record that can't be read may need any of them
	}
	c.mu.Lock()
	for digest := range c.kept {
		if !c.needed(digest, instances) {
			delete(c.kept, digest)
		}
	}
	clear(c.sure)
	c.mu.Unlock()
	return c.records.ForgetCharts(ctx, func(digest string) bool { return c.needed(digest, instances) })
}

// Outgrow removes what is kept of the chart that an instance was on, if it was
// the last one. The cache is good enough for that: only an instance that has
// been there for long is on a chart that isn't offered any more.
func (c *Charts) Outgrow(ctx context.Context, instanceID string, before record.Chart) error {
	c.forgetting.Lock()
	defer c.forgetting.Unlock()
	others := slices.DeleteFunc(c.records.Instances(), func(i record.Instance) bool { return i.ID == instanceID })
	if before.Digest == "" || c.needed(before.Digest, others) {
		return nil
	}
	c.mu.Lock()
	delete(c.kept, before.Digest)
	delete(c.sure, before.Digest)
	c.mu.Unlock()
	if err := c.records.ForgetChart(ctx, before.Digest); err != nil {
		return fmt.Errorf("forgetting the chart %s %s: %w", before.Name, before.Version, err)
	}
	return nil
}

// needed tells whether the catalog offers the chart or one of the instances is,
// or is about to be, on it.
func (c *Charts) needed(digest string, instances []record.Instance) bool {
	if _, offered := c.offered.Catalog().Digest(digest); offered {
		return true
	}
	return slices.ContainsFunc(instances, func(i record.Instance) bool {
		return i.Chart.Digest == digest || i.Update != nil && i.Update.Chart.Digest == digest
	})
}

// ChartOf identifies the chart of a service as it is loaded now.
func ChartOf(s chart.Service) record.Chart {
	return record.Chart{Name: s.Metadata().Name, Version: s.Metadata().Version, Digest: s.Digest}
}
