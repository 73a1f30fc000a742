package readiness

import (
	"fmt"
	"sync"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

// Mapper knows the cluster's kinds from the discovery that all sessions
// share. Where that lacks a kind it is renewed, once in a session: somebody
// may just have installed the CRD.
type Mapper struct {
	meta.ResettableRESTMapper
	renewal sync.Once
}

// RESTMapping finds a kind's resource, or says that there is no such kind.
func (m *Mapper) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	mapping, err := m.ResettableRESTMapper.RESTMapping(kind, versions...)
	if !meta.IsNoMatchError(err) {
		return mapping, err
	}
	m.renewal.Do(m.Reset)
	return m.ResettableRESTMapper.RESTMapping(kind, versions...)
}

// ResourcesOf finds out how the cluster serves objects.
func (m *Mapper) ResourcesOf(namespace string, objects []*unstructured.Unstructured) (kube.ResourceList, error) {
	var resources kube.ResourceList
	for _, object := range objects {
		kind := object.GroupVersionKind()
		mapping, err := m.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return nil, fmt.Errorf("asking how the cluster serves %s: %w", kind.Kind, err)
		}
		resources.Append(&resource.Info{Mapping: mapping, Namespace: namespace, Name: object.GetName()})
	}
	return resources, nil
}
