package chartcheck

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindlibrary"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Checker checks and renders charts as the broker would.
type Checker struct {
	// KubeVersion is the Kubernetes version that charts are rendered for; nil
	// is that of the Kubernetes libraries that this program was built with.
	KubeVersion *chartutil.KubeVersion
	// Templates evaluates the charts' bind templates.
	Templates *bindtemplate.Evaluator
	// Library makes the credentials of charts without one; nil: they are the raw form.
	Library *bindlibrary.Library
	// Renderer renders the charts.
	Renderer *render.Renderer
	// Domain is the cluster's, in which names are; "" is cluster.local.
	Domain string
	// PodSecurity is the Pod Security Standard of plans that name none; "" is baseline.
	PodSecurity string
}

func (c Checker) domain() string { return cmp.Or(c.Domain, "cluster.local") }

// ArgumentError says that the folder, chart or plan that was asked for doesn't
// exist. Anything else that is wrong is a mistake of the chart's.
type ArgumentError struct{ text string }

func (e *ArgumentError) Error() string { return e.text }

// instanceID is the made-up instance's.
const instanceID = "00000000-0000-4000-8000-000000000001"

// target is where the made-up instance lives.
func target() tenant.Target { return tenant.TargetOf("cf-helm", instanceID) }

// Check checks dir, which is one chart or a folder of charts. The error is an
// *ArgumentError if there is no chart, or ctx's own; what is wrong with a chart
// stands in the report.
func (c Checker) Check(ctx context.Context, dir string) (Report, error) {
	catalog, err := c.load(ctx, dir)
	if err != nil {
		return Report{}, err
	}
	var report Report
	for _, p := range catalog.Problems {
		name := nameIn(p.From)
		report.Charts = append(report.Charts, Chart{Name: name, Folder: p.From, Mistakes: mistakes(p.Err, name, "")})
	}
	for _, service := range slices.Concat(catalog.Services, catalog.Older) {
		metadata := service.Metadata()
		checked := Chart{Name: service.Name, Version: metadata.Version, Folder: service.From, Warnings: slices.Concat(service.Listing().Cut, service.DoubtfulValues())}
		for _, plan := range service.Plans {
			result, err := c.checkPlan(ctx, service.MadeUp(), plan)
			if err != nil {
				return Report{}, err
			}
			checked.Plans = append(checked.Plans, result)
		}
		report.Charts = append(report.Charts, checked)
	}
	slices.SortFunc(report.Charts, func(a, b Chart) int { return cmp.Compare(a.Folder, b.Folder) })
	return report, nil
}

func (c Checker) load(ctx context.Context, dir string) (chart.Catalog, error) {
	found, err := source.Folder(dir)
	if err != nil {
		return chart.Catalog{}, &ArgumentError{err.Error()}
	}
	catalog := chart.LoadAll(ctx, found, nil, render.NewTexts(c.Renderer))
	if ctx.Err() != nil {
		return chart.Catalog{}, context.Cause(ctx)
	}
	if len(catalog.Services)+len(catalog.Problems) == 0 {
		return chart.Catalog{}, &ArgumentError{fmt.Sprintf("there is no chart in %s: neither it nor a folder in it holds a Chart.yaml", dir)}
	}
	return catalog, nil
}

// nameIn is the name of a chart that couldn't be loaded.
func nameIn(folder string) string {
	metadata, err := chartutil.LoadChartfile(filepath.Join(folder, chartutil.ChartfileName))
	if err != nil || metadata.Name == "" {
		return filepath.Base(folder)
	}
	return metadata.Name
}

func (c Checker) checkPlan(ctx context.Context, service chart.Service, plan chart.Plan) (Plan, error) {
	result, err := c.lookAt(ctx, service, plan)
	result.Warnings = alike(result.Warnings)
	return result, err
}

// lookAt is checkPlan with each warning by itself.
func (c Checker) lookAt(ctx context.Context, service chart.Service, plan chart.Plan) (Plan, error) {
	result := Plan{Name: plan.Name, Bindable: plan.Bindable}
	name := service.Metadata().Name
	made, changes, err := c.renderTwice(ctx, service, plan)
	if err != nil {
		result.Mistakes, result.Insists = mistakes(err, name, plan.File), insists(err)
		return result, nil
	}
	objects, found := c.objectsOf(made, name)
	result.Mistakes, result.Warnings = found.mistakes, found.warnings
	for _, o := range objects {
		result.Objects = append(result.Objects, Object{Kind: o.kind.Kind, Name: o.name})
	}
	if len(found.mistakes) > 0 {
		return result, nil // what is missing would only make for more
	}
	world := madeUp(objects)
	read, err := manifest.Read(made)
	if err != nil {
		result.Mistakes = []string{oneLine(err.Error())}
		return result, nil
	}
	result.ClusterKinds, result.Mistakes = outside(made, read)
	exposed := exposureMistakes(read, plan)
	needed, insecure := c.podSecurity(read, plan)
	result.Mistakes = slices.Concat(result.Mistakes, exposed, insecure)
	result.Lifted = len(exposed) + len(insecure)
	result.PodSecurity, result.Operators = needed, operators(made, read)
	result.Needs = planNeeds(result, plan, len(exposed) > 0)
	if err := manifest.CheckProspect(read, plan.Bindable); err != nil {
		result.Mistakes = append(result.Mistakes, "a create without parameters would fail: "+err.Error())
	}
	if err := history.CheckSize(made); err != nil {
		result.Mistakes = append(result.Mistakes, err.Error())
	}
	result.Warnings = append(result.Warnings, warnings(made, plan, objects, world)...)
	result.Warnings = append(result.Warnings, service.UnreadParameters(plan)...)
	result.Warnings = append(result.Warnings, awaitingWarnings(read, plan, objects)...)
	changed, frozen := generatedWarnings(changes)
	result.Generated = changed
	result.Warnings = slices.Concat(result.Warnings, changed, frozen)
	if !plan.Bindable {
		return result, nil
	}
	if !plan.WithAddresses {
		result.Hints = nameHints(read, namingOf(world.services, c.domain()))
	}
	return result, c.bind(ctx, service, plan, world, objects, &result)
}
