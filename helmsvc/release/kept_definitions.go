package release

import (
	"context"
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// KeptDefinitions returns the names of the CustomResourceDefinitions that
// Uninstall leaves in the cluster: those of crds/ and of hooks, and what the
// chart wants kept. Of a target that allows none there are none.
func (c *Client) KeptDefinitions(ctx context.Context, target tenant.Target) ([]string, error) {
	if !c.tenants.ActsAsInstance(target) || !c.tenants.Rules(target, false).Allows(manifest.CRDKind, false) {
		return nil, nil
	}
	helm, err := c.session(ctx, target, nil)
	if errors.Is(err, tenant.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	past, err := helm.past(target.Release)
	if err != nil {
		return nil, err
	}
	var names []string
	note := func(objects []*unstructured.Unstructured, always bool) {
		for _, object := range objects {
			if object.GroupVersionKind().GroupKind() == manifest.CRDKind && (always || manifest.WantsKept(object)) {
				names = append(names, object.GetName())
			}
		}
	}
	for _, r := range past {
		defined, _ := manifest.DecodeDefinitions(r.Chart.CRDObjects())
		hooks, _ := manifest.DecodeHooks(r.Hooks)
		made, _ := manifest.Decode(r.Manifest) // what can't be read wasn't made
		note(defined, true)
		note(hooks, true)
		note(made, false)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
