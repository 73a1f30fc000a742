package check

import (
	"slices"
	"testing"
)

const someRights = `
kind: ClusterRole
rules:
  - apiGroups: [""]
    resources: [namespaces, pods]
    verbs: [get, list]
  - apiGroups: [authentication.k8s.io]
    resources: [userextras/cf-helm-broker]
    resourceNames: [records]
    verbs: [impersonate]
---
kind: ClusterRoleBinding
---
kind: Role
rules:
  - apiGroups: [""]
    resources: [secrets]
    verbs: [get, list, watch]
`

// TestRights: each verb of each kind and name is asked for, in the namespace where it is
// needed, and what is missing is told by what it is of.
func TestRights(t *testing.T) {
	var roles Roles
	if err := roles.Add([]byte(someRights), "records"); err != nil {
		t.Fatal(err)
	}
	all := roles.each()
	if len(all) != 2*2+1+3 {
		t.Fatalf("%d rights: %+v", len(all), all)
	}
	allowed := slices.Repeat([]bool{true}, len(all))
	judged{judgeRights(all, allowed), OK, "all 8"}.test(t, "all")
	for n, a := range all {
		allowed[n] = a.Verb != "impersonate" && a.Verb != "watch" && (a.Verb != "list" || a.Resource != "secrets")
	}
	judged{judgeRights(all, allowed), Failed, "list, watch secrets in namespace records; impersonate userextras/cf-helm-broker.authentication.k8s.io \"records\""}.test(t, "some")
}
