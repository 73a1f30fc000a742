package tenant

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

const ofOperator = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusters.db.example.com}
spec: {group: db.example.com, scope: Namespaced, names: {kind: Cluster, plural: clusters}, versions: [{name: v1, served: true}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.db.example.com}
spec: {group: db.example.com, scope: Namespaced, names: {kind: Backup, plural: backups}, versions: [{name: v1, served: true}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: images.db.example.com}
spec: {group: db.example.com, scope: Cluster, names: {kind: Image, plural: images}, versions: [{name: v1, served: true}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: controller}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
`

// roleTo is a ClusterRole that is added to a role, with one rule.
func roleTo(to, rule string) string {
	return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x, labels: {rbac.authorization.k8s.io/aggregate-to-" + to + ": 'true'}}\nrules: [" + rule + "]\n"
}

// TestKindsRole grants the namespaced kinds that an operator defines and its own
// ClusterRoles leave out, with all that Helm needs, and nothing else.
func TestKindsRole(t *testing.T) {
	const all = "verbs: [get, list, watch, create, update, patch, delete]}"
	for name, c := range map[string]struct {
		own  string
		want []string
	}{
		"no roles":         {"", []string{"backups", "clusters"}},
		"one kind":         {roleTo("admin", "{apiGroups: [db.example.com], resources: [clusters], "+all), []string{"backups"}},
		"all of the group": {roleTo("edit", "{apiGroups: [db.example.com], resources: ['*'], verbs: ['*']}"), nil},
		"only for viewers": {roleTo("view", "{apiGroups: [db.example.com], resources: ['*'], verbs: [get, list, watch]}"), []string{"backups", "clusters"}},
		"in two parts": {roleTo("view", "{apiGroups: [db.example.com], resources: [clusters, backups], verbs: [get, list, watch]}") +
			roleTo("edit", "{apiGroups: [db.example.com], resources: [clusters], verbs: [create, update, patch, delete]}"), []string{"backups"}},
		"by name":       {roleTo("admin", "{apiGroups: [db.example.com], resources: ['*'], resourceNames: [one], verbs: ['*']}"), []string{"backups", "clusters"}},
		"another group": {roleTo("admin", "{apiGroups: [other.example.com], resources: ['*'], verbs: ['*']}"), []string{"backups", "clusters"}},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Decode(ofOperator + c.own)
			if err != nil {
				t.Fatal(err)
			}
			role, needed, err := KindsRole("kinds", manifest.ResourcesDefinedBy(objects), objects)
			if err != nil || needed != (c.want != nil) {
				t.Fatalf("a role is needed: %t, %v; want it for %v", needed, err, c.want)
			}
			if !needed {
				return
			}
			want := rbacv1.PolicyRule{APIGroups: []string{"db.example.com"}, Resources: c.want, Verbs: kindVerbs()}
			if len(role.Rules) != 1 || role.Rules[0].String() != want.String() || role.Labels["rbac.authorization.k8s.io/aggregate-to-admin"] != "true" {
				t.Errorf("the role is %+v, want the rule %+v", role, want)
			}
		})
	}
}

// TestRuleFor spells out what a custom resource needs, and nothing for what Kubernetes'
// own role leaves out on purpose.
func TestRuleFor(t *testing.T) {
	for group, named := range map[string]bool{"db.example.com": true, "": false, "apps": false, "rbac.authorization.k8s.io": false} {
		if got := ruleFor(right{group: group, resource: "clusters/status"}); (got != "") != named {
			t.Errorf("%s: %q", group, got)
		}
	}
	if missing := lackingKinds(nil, []schema.GroupResource{{Group: "g", Resource: "r"}}); !slices.Equal(missing, []schema.GroupResource{{Group: "g", Resource: "r"}}) {
		t.Errorf("without any rule there lack %v", missing)
	}
}
