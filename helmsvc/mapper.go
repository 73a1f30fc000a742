package helmsvc

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// sessionMapper knows the cluster's kinds from the discovery that all sessions
// share. Where that lacks a kind it is renewed, once in a session: somebody
// may just have installed the CRD.
type sessionMapper struct {
	meta.ResettableRESTMapper
	renewal sync.Once
}

// RESTMapping finds a kind's resource, or says that there is no such kind.
func (m *sessionMapper) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	mapping, err := m.ResettableRESTMapper.RESTMapping(kind, versions...)
	if !meta.IsNoMatchError(err) {
		return mapping, err
	}
	m.renewal.Do(m.Reset)
	return m.ResettableRESTMapper.RESTMapping(kind, versions...)
}
