package release

import (
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestGrantingKinds finds the kinds that a rendered chart defines in crds/ and in
// templates, and leaves a chart that defines none as it is.
func TestGrantingKinds(t *testing.T) {
	definition := func(kind, note string) []byte {
		return []byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: " + kind + "s.db.example.com, annotations: {note: '" + note + "'}}\n" +
			"spec: {group: db.example.com, scope: Namespaced, names: {kind: X, plural: " + kind + "s}, versions: [{name: v1, served: true}]}\n")
	}
	target := tenant.Target{Namespace: "cf-helm-operator-db", GrantKinds: true}
	plain := &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "db"}, Templates: []*helmchart.File{
		{Name: "templates/map.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n")},
		{Name: "templates/NOTES.txt", Data: []byte("Well: done: it is")},
	}}
	if same, err := grantingKinds(plain, target); err != nil || same != plain {
		t.Errorf("a chart without definitions becomes %+v, %v", same, err)
	}
	operator := *plain
	operator.Files = []*helmchart.File{{Name: "crds/a.yaml", Data: definition("cluster", "")}}
	operator.Templates = append(operator.Templates, &helmchart.File{Name: "templates/crd.yaml", Data: definition("backup", `{{"{{"}} kept }}`)})
	granted, err := grantingKinds(&operator, target)
	if err != nil {
		t.Fatal(err)
	}
	last := string(granted.Templates[len(granted.Templates)-1].Data)
	for _, words := range []string{`"name":"cf-helm-operator-db-kinds"`, `"resources":["backups","clusters"]`, `"apiGroups":["db.example.com"]`, `"rbac.authorization.k8s.io/aggregate-to-admin":"true"`} {
		if !strings.Contains(last, words) {
			t.Errorf("the ClusterRole is %s, want %s in it", last, words)
		}
	}
	if len(operator.Templates)+1 != len(granted.Templates) {
		t.Errorf("%d templates became %d", len(operator.Templates), len(granted.Templates))
	}
}
