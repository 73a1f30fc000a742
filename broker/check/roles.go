package check

import (
	"bytes"
	"errors"
	"io"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Add adds what the Roles and ClusterRoles of manifests allow. Roles count for the
// namespace, whatever they are in.
func (r *Roles) Add(manifests []byte, namespace string) error {
	for documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096); ; {
		var role struct {
			metav1.TypeMeta
			Rules []rbacv1.PolicyRule `json:"rules"`
		}
		if err := documents.Decode(&role); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch role.Kind {
		case "ClusterRole":
			r.Everywhere = append(r.Everywhere, role.Rules...)
		case "Role":
			if r.Within == nil {
				r.Within = map[string][]rbacv1.PolicyRule{}
			}
			r.Within[namespace] = append(r.Within[namespace], role.Rules...)
		}
	}
}
