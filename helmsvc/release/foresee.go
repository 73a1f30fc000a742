package release

import (
	"context"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// foresee tells whoever wants to know what is going to be made: a release as it is
// rendered, and the chart's crds/. nil: that can't be told before crds/ is there.
func (s *session) foresee(ctx context.Context, r *release.Release, definitions []helmchart.CRD) error {
	if s.target.Foresee == nil {
		return nil
	}
	if r == nil {
		return s.target.Foresee(ctx, tenant.Foreseen{})
	}
	objects, err := s.read(r)
	if err != nil {
		return err
	}
	uses, serves, err := manifest.APIGroups(objects, definitions)
	if err != nil {
		return err
	}
	all, err := manifest.All(objects, definitions)
	if err != nil {
		return err
	}
	return s.target.Foresee(ctx, tenant.Foreseen{
		Uses: uses, Serves: serves, Defines: manifest.ResourcesDefinedBy(all), Groups: s.client.rules.GroupsOf(objects),
	})
}
