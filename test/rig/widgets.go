package rig

import rbacv1 "k8s.io/api/rbac/v1"

// WidgetRights are what rbac.yaml says that the operators of test/e2e/charts-operator
// need: rights to all they make, to their Secrets, and to what they grant.
func WidgetRights() Granted {
	return Granted{
		Kinds: []string{"customresourcedefinitions.apiextensions.k8s.io", "clusterroles.rbac.authorization.k8s.io"},
		Rules: []rbacv1.PolicyRule{
			allOf("", "secrets"), allOf("apps", "deployments"), allOf("batch", "jobs"),
			allOf("apiextensions.k8s.io", "customresourcedefinitions"), allOf("rbac.authorization.k8s.io", "clusterroles"),
			allOf("e2e.example.com", "widgets"),
		},
	}
}

func allOf(group, resource string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{group}, Resources: []string{resource},
		Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete"},
	}
}
