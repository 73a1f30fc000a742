package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// fetchAgain is how long a source that couldn't be asked is left alone.
const fetchAgain = time.Minute

// reloadLimit bounds a reload. Platforms and people break off before.
const reloadLimit = 2 * time.Minute

// offer is the catalog, read again on SIGHUP and when any replica is asked to.
type offer struct {
	live chart.Live
	// operators are the charts of OPERATOR_DIR or OPERATOR_SOURCES; their Services count.
	operators chart.Live
	settings  settings
	records   *record.Store
	cluster   *helmsvc.Cluster
	texts     *render.Texts
	log       lager.Logger
	changed   func(context.Context) // told after each change of the catalog

	wishes  chan string // ids of wishes for a reload; holds the newest
	hangups chan os.Signal

	mu      sync.Mutex
	known   string // the last wish that was carried out; guarded by mu
	missing bool   // a source couldn't be asked; guarded by mu
}

func newOffer(s settings, records *record.Store, cluster *helmsvc.Cluster, texts *render.Texts, log lager.Logger) *offer {
	o := &offer{settings: s, records: records, cluster: cluster, texts: texts, log: log, wishes: make(chan string, 1), hangups: make(chan os.Signal, 1)}
	// From the start to the end: by default the signal ends the process.
	signal.Notify(o.hangups, syscall.SIGHUP)
	return o
}

// follow has the offer carry out other replicas' wishes.
func (o *offer) follow(changed func(context.Context)) error {
	o.changed = changed
	return o.records.OnReload(func(id string) {
		select {
		case <-o.wishes: // an older one
		default:
		}
		o.wishes <- id
	})
}

// run reads the charts again when that is wished for, until ctx ends.
func (o *offer) run(ctx context.Context) {
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-o.hangups:
			err = o.reload(ctx)
		case id := <-o.wishes:
			err = o.carryOut(ctx, id)
		case <-time.After(fetchAgain):
			err = o.fetchMissing(ctx)
		}
		if err != nil {
			o.log.Error("reloading-charts", err)
		}
	}
}

// reload reads the charts again and has the other replicas do the same.
func (o *offer) reload(ctx context.Context) error {
	// A client that gives up must not leave half of it done.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reloadLimit)
	defer cancel()
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.read(ctx, true); err != nil {
		return err
	}
	id, err := o.records.AskReload(ctx)
	if err != nil {
		return fmt.Errorf("this replica has read its charts again, the others may not: %w", err)
	}
	o.known = id
	return nil
}

// carryOut reads the charts again for another replica's wish. The first that
// is seen may be from before this process began: it can't be told from one
// that came just after the charts were read.
func (o *offer) carryOut(ctx context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id == o.known {
		return nil
	}
	if err := o.read(ctx, true); err != nil {
		return err
	}
	o.known = id
	return nil
}

func (o *offer) fetchMissing(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.missing {
		return nil
	}
	return o.read(ctx, false)
}

// whole returns what is offered, and whether every source could be asked for it.
func (o *offer) whole() (services []chart.Service, whole bool) {
	c := o.live.Catalog()
	return c.Services, !slices.ContainsFunc(c.Problems, func(p chart.Problem) bool { return p.Unfetched })
}

func (o *offer) load(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.read(ctx, true)
}

// read wants mu held. After an error the catalog is as it was. Unless it was
// asked for, nothing is done where nothing has changed.
func (o *offer) read(ctx context.Context, asked bool) error {
	found, err := o.settings.findCharts(ctx, o.settings.ChartSources, o.settings.ChartDir)
	if err != nil {
		return fmt.Errorf("the charts can't be read, and stay as they are: %w", err)
	}
	foundOperators, err := o.settings.findCharts(ctx, o.settings.OperatorSources, o.settings.OperatorDir)
	if err != nil {
		return fmt.Errorf("the charts of operators can't be read, and all stay as they are: %w", err)
	}
	o.missing = slices.ContainsFunc(slices.Concat(found, foundOperators), func(f source.Found) bool { return f.Err != nil })
	// An API server that is down now is no reason to offer nothing.
	version, err := o.cluster.Version()
	if err != nil {
		o.log.Error("kubernetes-version-unknown", err)
	}
	catalog, operators := chart.LoadAll(ctx, found, version, o.texts), chart.LoadOperators(ctx, foundOperators, version, o.texts)
	if ctx.Err() != nil {
		return fmt.Errorf("the charts weren't read in time, and stay as they are: %w", ctx.Err())
	}
	if !asked && same(catalog, o.live.Catalog()) && same(operators, o.operators.Catalog()) {
		return nil
	}
	o.live.Replace(catalog)
	o.tell(catalog)
	o.operators.Replace(operators)
	o.tellProblems(operators)
	if o.changed != nil {
		o.changed(ctx)
	}
	return nil
}

// same tells whether two catalogs offer the same and miss the same.
func same(a, b chart.Catalog) bool {
	sameChart := func(a, b chart.Service) bool { return a.Digest == b.Digest }
	sameProblem := func(a, b chart.Problem) bool { return a.From == b.From }
	return slices.EqualFunc(a.Services, b.Services, sameChart) && slices.EqualFunc(a.Older, b.Older, sameChart) &&
		slices.EqualFunc(a.Problems, b.Problems, sameProblem)
}

// findCharts finds the charts of a list or, without one, of a folder, if there is any.
func (s settings) findCharts(ctx context.Context, list, folder string) ([]source.Found, error) {
	if list == "" && folder == "" {
		return nil, nil
	}
	if list == "" {
		return source.Folder(folder)
	}
	sources, err := source.Read(list)
	if err == nil && list == s.ChartSources {
		err = withoutValues(sources)
	}
	if err != nil {
		return nil, err
	}
	return source.Fetcher{Cache: cacheDir(s), Timeout: s.ChartTimeout}.Fetch(ctx, sources), nil
}

// withoutValues refuses values for services: nothing would read them.
func withoutValues(sources []source.Source) error {
	for _, s := range sources {
		if s.Values != "" {
			return fmt.Errorf("%s: values are for operators, in OPERATOR_SOURCES; a service has its in the files of its plans", s)
		}
	}
	return nil
}

func cacheDir(s settings) string {
	if s.ChartCacheDir != "" {
		return s.ChartCacheDir
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		folder = os.TempDir()
	}
	return filepath.Join(folder, "cf-helm-broker", "charts")
}

func (o *offer) tellProblems(c chart.Catalog) {
	for _, p := range c.Problems {
		o.log.Error("chart-left-out", p.Err, lager.Data{"chart": p.From})
	}
}

func (o *offer) tell(c chart.Catalog) {
	o.tellProblems(c)
	for _, s := range c.Services {
		metadata := s.Metadata()
		o.log.Info("chart-offered", lager.Data{"service": metadata.Name, "version": metadata.Version, "plans": len(s.Plans), "digest": s.Digest, "from": s.From})
		if cut := s.Listing().Cut; len(cut) > 0 {
			o.log.Info("chart-not-shown-whole", lager.Data{"service": metadata.Name, "cut": cut})
		}
	}
	for _, s := range c.Older {
		o.log.Info("chart-kept-for-its-instances", lager.Data{"service": s.Name, "version": s.Metadata().Version, "from": s.From})
	}
}

// charts are for /readyz.
func (o *offer) charts() ([]web.OfferedChart, []web.ChartProblem) {
	catalog := o.live.Catalog()
	var offered []web.OfferedChart
	for _, s := range catalog.Services {
		offered = append(offered, web.OfferedChart{Service: s.Name, Version: s.Metadata().Version, Digest: s.Digest, Cut: s.Listing().Cut})
	}
	var problems []web.ChartProblem
	for _, p := range slices.Concat(catalog.Problems, o.operators.Catalog().Problems) {
		problems = append(problems, web.ChartProblem{Chart: p.From, Error: p.Err.Error()})
	}
	return offered, problems
}
