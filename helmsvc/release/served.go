package release

import (
	"fmt"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// checkServed returns an UnservedError if the release has objects of kinds
// that the cluster doesn't serve and definitions, the chart's crds/, don't
// bring.
func (s *session) checkServed(read []manifest.Object, definitions []helmchart.CRD) error {
	crds, err := manifest.DecodeDefinitions(definitions)
	if err != nil {
		return err
	}
	objects, hooks := manifest.Plain(read, false), manifest.Plain(read, true)
	unserved := new(manifest.UnservedError)
	brought := manifest.DefinedBy(crds)
	err = s.judgeServed(unserved, slices.Concat(crds, objects), brought)
	if err != nil {
		return err
	}
	// Helm looks hooks up one at a time, so they may use CRDs of templates too.
	brought = append(brought, manifest.DefinedBy(slices.Concat(objects, hooks))...)
	if err := s.judgeServed(unserved, hooks, brought); err != nil {
		return err
	}
	if len(unserved.Kinds) == 0 {
		return nil
	}
	return s.confirm(unserved)
}

func (s *session) judgeServed(unserved *manifest.UnservedError, objects []*unstructured.Unstructured, brought []schema.GroupVersionKind) error {
	for _, object := range objects {
		kind := object.GroupVersionKind()
		if slices.Contains(brought, kind) {
			continue
		}
		_, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if meta.IsNoMatchError(err) {
			unserved.Add(object)
			continue
		}
		if err != nil {
			return fmt.Errorf("asking for the cluster's kinds: %w", err)
		}
	}
	return nil
}

// confirm holds back from judging kinds of an aggregated API that is down:
// that may pass.
func (s *session) confirm(unserved *manifest.UnservedError) error {
	found, err := s.RESTClientGetter.ToDiscoveryClient()
	if err != nil {
		return err
	}
	_, _, err = found.ServerGroupsAndResources()
	down, _ := discovery.GroupDiscoveryFailedErrorGroups(err)
	for _, k := range unserved.Kinds {
		if cause, ok := down[k.GroupVersion()]; ok {
			return &tenant.RetryableError{Why: fmt.Sprintf("the cluster can't tell the kinds of %s now: %v", k.GroupVersion(), cause)}
		}
	}
	return unserved
}
