package chartcheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/generated"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// Render returns the manifests of one plan of the chart in dir, hooks last, as
// `helm template` prints them. parameters are an app developer's: a JSON
// object or nothing. The error is an *ArgumentError if dir isn't one chart or
// has no such plan.
func (c Checker) Render(ctx context.Context, dir, plan string, parameters json.RawMessage) (string, error) {
	service, chosen, err := c.find(ctx, dir, plan)
	if err != nil {
		return "", err
	}
	made, err := c.render(ctx, service.MadeUp(), chosen, parameters)
	if err != nil {
		return "", joined(mistakes(err, service.Metadata().Name, chosen.File))
	}
	var text strings.Builder
	_, _ = fmt.Fprintln(&text, strings.TrimSpace(made.Manifest))
	for _, hook := range made.Hooks {
		_, _ = fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return text.String(), nil
}

func (c Checker) find(ctx context.Context, dir, plan string) (chart.Service, chart.Plan, error) {
	catalog, err := c.load(ctx, dir)
	if err != nil {
		return chart.Service{}, chart.Plan{}, err
	}
	if count := len(catalog.Services) + len(catalog.Older) + len(catalog.Problems); count > 1 {
		return chart.Service{}, chart.Plan{}, &ArgumentError{fmt.Sprintf("%s holds %d charts; name the folder of one", dir, count)}
	}
	for _, p := range catalog.Problems {
		return chart.Service{}, chart.Plan{}, joined(mistakes(p.Err, nameIn(p.From), ""))
	}
	service := catalog.Services[0]
	var names []string
	for _, p := range service.Plans {
		if p.Name == plan {
			return service, p, nil
		}
		names = append(names, p.Name)
	}
	return chart.Service{}, chart.Plan{}, &ArgumentError{fmt.Sprintf("the chart %s has no plan %q; it has: %s",
		service.Metadata().Name, plan, strings.Join(names, ", "))}
}

func joined(texts []string) error {
	return errors.New(strings.Join(texts, "\n"))
}

// render renders the chart as an install would, but with lookups that find nothing,
// for a cluster that serves Kubernetes' own kinds and those of the chart's crds/.
func (c Checker) render(ctx context.Context, service chart.Service, plan chart.Plan, parameters json.RawMessage) (*release.Release, error) {
	what, in, err := c.input(ctx, service, plan, parameters)
	if err != nil {
		return nil, err
	}
	what.Chart, err = c.Renderer.Render(ctx, in)
	if err != nil {
		return nil, err
	}
	return c.install(what, in.Capabilities)
}

// renderTwice is render without parameters, and what each update would change, since
// the chart generates it.
func (c Checker) renderTwice(ctx context.Context, service chart.Service, plan chart.Plan) (*release.Release, []generated.Change, error) {
	what, in, err := c.input(ctx, service, plan, nil)
	if err != nil {
		return nil, nil, err
	}
	if what.Again == nil { // the plan wants it changed
		made, err := c.render(ctx, service, plan, nil)
		return made, nil, err
	}
	first, second, err := c.Renderer.RenderTwice(ctx, in, what.Again)
	if err != nil {
		return nil, nil, err
	}
	changes, err := generated.Foresee(first, second)
	if err != nil {
		return nil, nil, err
	}
	what.Chart = first
	made, err := c.install(what, in.Capabilities)
	return made, changes, err
}

// input is what is rendered for the made-up instance.
func (c Checker) input(ctx context.Context, service chart.Service, plan chart.Plan, parameters json.RawMessage) (chart.Rendered, render.Input, error) {
	where := target()
	what, err := service.RenderUpdate(ctx, plan, where.Release, where.Namespace, parameters)
	if err != nil {
		return what, render.Input{}, err
	}
	capabilities, err := c.capabilities(what.Chart)
	return what, render.Input{
		Chart: what.Chart, Values: what.Values, Capabilities: capabilities,
		Release: chartutil.ReleaseOptions{Name: where.Release, Namespace: where.Namespace, Revision: 1, IsInstall: true},
	}, err
}

// install is the release that Helm would make of a rendered chart.
func (c Checker) install(what chart.Rendered, capabilities *chartutil.Capabilities) (*release.Release, error) {
	where := target()
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.ClientOnly = true
	install.DryRun = true
	install.ReleaseName = where.Release
	install.Namespace = where.Namespace
	install.KubeVersion = c.version()
	install.APIVersions = capabilities.APIVersions
	return install.Run(what.Chart, what.Values)
}
