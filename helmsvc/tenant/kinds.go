package tenant

import (
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kindVerbs are what Helm needs of a kind to install, update and delete a chart.
func kindVerbs() []string {
	return []string{"get", "list", "watch", "create", "update", "patch", "delete"}
}

// KindsRole is a ClusterRole by which instances may make objects of the resources, but for
// those that ClusterRoles among the objects, which are an operator's own, let them make.
// needed is false if that is all of them.
func KindsRole(name string, resources []schema.GroupResource, objects []*unstructured.Unstructured) (role rbacv1.ClusterRole, needed bool, err error) {
	own, err := aggregatedBy(objects)
	if err != nil {
		return rbacv1.ClusterRole{}, false, err
	}
	role = rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-admin": "true"}},
	}
	for _, r := range lackingKinds(own, resources) {
		last := len(role.Rules) - 1
		if last >= 0 && role.Rules[last].APIGroups[0] == r.Group {
			role.Rules[last].Resources = append(role.Rules[last].Resources, r.Resource)
			continue
		}
		role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{r.Group}, Resources: []string{r.Resource}, Verbs: kindVerbs()})
	}
	slices.SortFunc(role.Rules, func(a, b rbacv1.PolicyRule) int { return slices.Compare(a.APIGroups, b.APIGroups) })
	return role, len(role.Rules) > 0, nil
}

// KindsNotGranted are those of the resources that instances may not make objects of.
func (n *Namespaces) KindsNotGranted(ctx context.Context, resources []schema.GroupResource) ([]schema.GroupResource, error) {
	if len(resources) == 0 || !n.settings.Impersonate {
		return nil, nil
	}
	role, err := n.clients.RbacV1().ClusterRoles().Get(ctx, instanceRole, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the ClusterRole %s: %w", instanceRole, err)
	}
	return lackingKinds(role.Rules, resources), nil
}

// lackingKinds are those of the resources for which the rules leave a verb out.
func lackingKinds(rules []rbacv1.PolicyRule, resources []schema.GroupResource) []schema.GroupResource {
	var missing []schema.GroupResource
	for _, r := range resources {
		allowed := func(verb string) bool {
			return slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool { return allows(rule, verb, r) })
		}
		if slices.ContainsFunc(kindVerbs(), func(verb string) bool { return !allowed(verb) }) {
			missing = append(missing, r)
		}
	}
	return missing
}

func allows(rule rbacv1.PolicyRule, verb string, r schema.GroupResource) bool {
	holds := func(all []string, one string) bool { return slices.Contains(all, one) || slices.Contains(all, "*") }
	return len(rule.ResourceNames) == 0 && holds(rule.Verbs, verb) && holds(rule.APIGroups, r.Group) && holds(rule.Resources, r.Resource)
}
