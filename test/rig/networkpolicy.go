package rig

import (
	"fmt"
	"os"
	"path/filepath"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// NetworkPolicyRights are those of deploy/kubernetes/networkpolicy.
func NetworkPolicyRights() (Granted, error) {
	root, err := Root()
	if err != nil {
		return Granted{}, err
	}
	text, err := os.ReadFile(filepath.Join(root, manifests, "networkpolicy", "rbac.yaml"))
	if err != nil {
		return Granted{}, err
	}
	things, err := decode(text)
	if err != nil {
		return Granted{}, err
	}
	var role rbacv1.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(things[0].Object, &role); err != nil {
		return Granted{}, fmt.Errorf("reading the rights of NetworkPolicies: %w", err)
	}
	return Granted{Rules: role.Rules}, nil
}
