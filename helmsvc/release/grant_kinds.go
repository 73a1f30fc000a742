package release

import (
	"encoding/json"
	"fmt"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// withKinds is what was rendered with what instances are granted, where they are to be.
func (s *session) withKinds(what chart.Rendered) (chart.Rendered, error) {
	if !s.target.GrantKinds || s.cluster.settings.Renderer == nil {
		return what, nil
	}
	var err error
	what.Chart, err = grantingKinds(what.Chart, s.target)
	return what, err
}

// grantingKinds is an operator's chart, as it was rendered, with a ClusterRole besides
// that gives instances what its own ClusterRoles don't: the namespaced kinds that it
// defines, and nothing else. So the role comes and goes with the release.
func grantingKinds(c *helmchart.Chart, target tenant.Target) (*helmchart.Chart, error) {
	objects, err := manifest.DecodeDefinitions(c.CRDObjects())
	if err != nil {
		return nil, err
	}
	var own []*unstructured.Unstructured
	for _, template := range c.Templates {
		decoded, err := manifest.Decode(render.TextOf(template))
		if err != nil {
			continue // notes, or what the API server refuses as well
		}
		own = append(own, decoded...)
	}
	role, needed, err := tenant.KindsRole(target.Namespace+"-kinds", manifest.ResourcesDefinedBy(slices.Concat(objects, own)), own)
	if err != nil || !needed {
		return c, err
	}
	text, err := json.Marshal(role)
	if err != nil {
		return nil, fmt.Errorf("writing the ClusterRole %s: %w", role.Name, err)
	}
	more := *c
	more.Templates = append(slices.Clone(c.Templates), &helmchart.File{Name: "templates/cf-helm-broker-kinds.yaml", Data: text})
	return &more, nil
}
