package release

import (
	"context"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
	objects, err := manifest.Read(r)
	if err != nil {
		return err
	}
	uses, serves, err := manifest.APIGroups(objects, definitions)
	if err != nil {
		return err
	}
	groups, err := s.client.rules.GroupsOf([]*release.Release{r})
	if err != nil {
		return err
	}
	defines, err := resourcesOf(r, definitions)
	if err != nil {
		return err
	}
	return s.target.Foresee(ctx, tenant.Foreseen{Uses: uses, Serves: serves, Defines: defines, Groups: groups})
}

// resourcesOf are the namespaced resources that a release, or the chart's crds/, define.
func resourcesOf(r *release.Release, definitions []helmchart.CRD) ([]schema.GroupResource, error) {
	objects, err := manifest.DecodeDefinitions(definitions)
	if err != nil {
		return nil, err
	}
	err = manifest.EachObject(r, func(object *unstructured.Unstructured, _ string) { objects = append(objects, object) })
	return manifest.ResourcesDefinedBy(objects), err
}
