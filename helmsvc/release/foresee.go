package release

import (
	"context"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/runtime/schema"

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
	defines, err := resourcesOf(objects, definitions)
	if err != nil {
		return err
	}
	return s.target.Foresee(ctx, tenant.Foreseen{Uses: uses, Serves: serves, Defines: defines, Groups: s.client.rules.GroupsOf(objects)})
}

// resourcesOf are the namespaced resources that a release's objects, or the chart's
// crds/, define.
func resourcesOf(read []manifest.Object, definitions []helmchart.CRD) ([]schema.GroupResource, error) {
	objects, err := manifest.DecodeDefinitions(definitions)
	for _, o := range read {
		objects = append(objects, o.Unstructured)
	}
	return manifest.ResourcesDefinedBy(objects), err
}
