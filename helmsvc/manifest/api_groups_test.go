package manifest

import (
	"slices"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
)

// TestAPIGroups: it goes by the objects that there are going to be, and by nothing
// that is merely written somewhere.
func TestAPIGroups(t *testing.T) {
	const thing = "apiVersion: things.example.com/v1\nkind: Thing\nmetadata:\n  name: a\n"
	const definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\nspec:\n" +
		"  group: things.example.com\n  names: {kind: Thing, plural: things}\n  scope: Namespaced\n  versions: [{name: v1, served: true, storage: true}]\n"
	rule := "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: a\nrules:\n  - apiGroups: [things.example.com]\n    resources: [things]\n    verbs: [get]\n"
	hook := func(events ...release.HookEvent) []*release.Hook {
		return []*release.Hook{{Path: "a/templates/hook.yaml", Manifest: thing, Events: events}}
	}
	for name, c := range map[string]struct {
		release      release.Release
		crds         string
		uses, serves []string
	}{
		"nothing":           {},
		"an object":         {release: release.Release{Manifest: thing}, uses: []string{"things.example.com"}},
		"two":               {release: release.Release{Manifest: thing + "---\n" + thing}, uses: []string{"things.example.com"}},
		"in a list":         {release: release.Release{Manifest: "apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: things.example.com/v1, kind: Thing, metadata: {name: a}}\n"}, uses: []string{"things.example.com"}},
		"a hook":            {release: release.Release{Hooks: hook(release.HookPostInstall)}, uses: []string{"things.example.com"}},
		"a test":            {release: release.Release{Hooks: hook(release.HookTest)}},
		"a comment":         {release: release.Release{Manifest: "# Source: a/templates/a.yaml\n# apiVersion: things.example.com/v1\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"}},
		"notes":             {release: release.Release{Info: &release.Info{Notes: thing}}},
		"text in an object": {release: release.Release{Manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: |\n    apiVersion: things.example.com/v1\n    group: things.example.com\n"}},
		"Kubernetes' own":   {release: release.Release{Manifest: rule}},
		"a definition":      {release: release.Release{Manifest: definition}, serves: []string{"things.example.com"}},
		"one in crds/":      {crds: definition, serves: []string{"things.example.com"}},
		"one in crds/ as JSON": {crds: `{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a"},
			"spec": {"group": "things.example.com", "names": {"kind": "Thing"}, "versions": [{"name": "v1", "served": true}]}}`, serves: []string{"things.example.com"}},
		"one served no longer": {crds: "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a\nspec:\n  group: things.example.com\n  versions: [{name: v1, served: false}]\n"},
		"both":                 {release: release.Release{Manifest: thing}, crds: definition, uses: []string{"things.example.com"}, serves: []string{"things.example.com"}},
	} {
		var crds []helmchart.CRD
		if c.crds != "" {
			crds = []helmchart.CRD{{Filename: "crds/a.yaml", File: &helmchart.File{Data: []byte(c.crds)}}}
		}
		objects, err := Read(&c.release)
		if err != nil {
			t.Fatal(err)
		}
		uses, serves, err := APIGroups(objects, crds)
		if err != nil || !slices.Equal(uses, c.uses) || !slices.Equal(serves, c.serves) {
			t.Errorf("%s: uses %q and serves %q: %v", name, uses, serves, err)
		}
		if uses == nil || serves == nil {
			t.Errorf("%s: what is known to be nothing is said not to be known", name)
		}
	}
}
