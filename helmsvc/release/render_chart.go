package release

import (
	"context"
	"fmt"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// renderInstall renders the chart for an install. If crds/ isn't allowed, that
// is said first: templates may rely on it.
func (s *session) renderInstall(ctx context.Context, target tenant.Target, what chart.Rendered) (chart.Rendered, error) {
	made, err := s.rendered(ctx, target, what)
	if err == nil {
		return made, nil
	}
	if outside := s.checkOutside(nil, what.Chart.CRDObjects()); outside != nil {
		return what, outside
	}
	return what, err
}

// rendered is the chart with its templates rendered for an install: what Helm makes
// of it is what was looked at before. Templates look things up with the rights that
// the session has.
func (s *session) rendered(ctx context.Context, target tenant.Target, what chart.Rendered) (chart.Rendered, error) {
	err := s.rendering(ctx, target, what, 1, func(r *render.Renderer, in render.Input) (err error) {
		what.Chart, err = r.Render(ctx, in)
		return err
	})
	return what, err
}

// rendering does something with the renderer and what it needs for a revision, in the
// tenant's turn.
func (s *session) rendering(ctx context.Context, target tenant.Target, what chart.Rendered, revision int, do func(*render.Renderer, render.Input) error) error {
	c := s.cluster
	if c.settings.Renderer == nil {
		return nil
	}
	if err := c.settings.Renderings.Take(ctx, target.Tenant); err != nil {
		return fmt.Errorf("waiting for other charts to be rendered: %w", err)
	}
	defer c.settings.Renderings.Give(target.Tenant)
	capabilities, err := s.brought(what.Chart.CRDObjects())
	if err != nil {
		return err
	}
	return do(c.settings.Renderer, render.Input{
		Chart:  what.Chart,
		Values: what.Values,
		Release: chartutil.ReleaseOptions{
			Name: target.Release, Namespace: target.Namespace,
			Revision: revision, IsInstall: revision == 1, IsUpgrade: revision > 1,
		},
		Capabilities: capabilities,
		Lookup:       s.config,
	})
}

// brought are the cluster's capabilities with what crds/ is going to bring:
// templates may ask for it.
func (s *session) brought(definitions []helmchart.CRD) (*chartutil.Capabilities, error) {
	objects, err := manifest.DecodeDefinitions(definitions)
	if err != nil {
		return nil, err
	}
	all := s.Capabilities.Copy()
	all.APIVersions = slices.Clone(all.APIVersions)
	for _, kind := range manifest.DefinedBy(objects) {
		all.APIVersions = append(all.APIVersions, kind.GroupVersion().String(), kind.GroupVersion().String()+"/"+kind.Kind)
	}
	return all, nil
}
