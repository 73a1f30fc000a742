package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

type operatorState struct {
	Operator, Version, State, Reason string
	NotGranted                       []string `json:"not_granted"`
}

func (f *foundation) operators() map[string]operatorState {
	f.t.Helper()
	var ready struct {
		Operators []operatorState `json:"operators"`
	}
	f.must(f.want(200)(f.Send(f.t.Context(), http.MethodGet, "/readyz", nil)).Decode(&ready))
	byName := map[string]operatorState{}
	for _, o := range ready.Operators {
		byName[o.Operator] = o
	}
	return byName
}

// TestOperators installs operators before services, once, upgrades one whose
// chart has changed, and goes on where another fails.
func TestOperators(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("charts-operator/operators")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "widgets.values.yaml"), []byte("rights: false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFoundation(t, "charts-operator/services", map[string]string{"OPERATOR_DIR": folder, "POLICY_WITHIN_INSTANCE": "true"}, rig.WidgetRights())
	f.grantsKinds()
	// Its kind is there only when the operator is: the create waits for it.
	i := f.create("widget", "default", nil)
	states := f.operators()
	if s := states["widgets"]; s.State != "ready" || s.Version != "1.0.0" {
		t.Errorf("the operator is %+v", s)
	}
	if s := states["broken"]; s.State != "failed" || !strings.Contains(s.Reason, "Job broken") {
		t.Errorf("the broken operator is %+v", s)
	}
	f.reachesOperator(i)
	f.usesOperatorLater()
	deployment := f.controller()
	f.must(os.RemoveAll(filepath.Join(folder, "broken")))
	f.must(f.broker.Stop())
	f.start()
	f.eventually("the operator is found again", func() bool { return f.operators()["widgets"].State == "ready" })
	if again := f.controller(); again.generation != deployment.generation || again.revisions != 2 {
		t.Errorf("a restart installs the operator again: %+v, before %+v", again, deployment)
	}

	file := filepath.Join(folder, "widgets", "Chart.yaml")
	text, err := os.ReadFile(file)
	f.must(err)
	f.must(os.WriteFile(file, []byte(strings.Replace(string(text), "1.0.0", "1.1.0", 1)), 0o600))
	f.want(200)(f.Send(t.Context(), http.MethodPost, "/admin/charts/reload", nil))
	f.eventually("the operator is upgraded", func() bool {
		s := f.operators()["widgets"]
		return s.State == "ready" && s.Version == "1.1.0"
	})
	if upgraded := f.controller(); upgraded.version != "1.1.0" || upgraded.revisions != 3 {
		t.Errorf("the upgraded operator is %+v", upgraded)
	}
	f.takesValues(folder)
	f.delete(i)
	f.eventually("nothing of the instance is open to the operator", func() bool {
		return !slices.ContainsFunc(f.cf.Policies(), func(p cf.Policy) bool { return p.Source.ID == i.ID || p.Destination.ID == i.ID })
	})
}

// grantsKinds: an operator's kind that no ClusterRole lets services make is told, and so
// is what to do, also to whom a create fails; with the setting they can make it.
func (f *foundation) grantsKinds() {
	f.t.Helper()
	const kind = "widgets.e2e.example.com"
	f.eventually("the kind that isn't granted is told", func() bool { return slices.Equal(f.operators()["widgets"].NotGranted, []string{kind}) })
	refused := f.instance("widget", "default")
	o := f.ended(refused, f.want(202)(f.Provision(f.t.Context(), refused, nil)).Operation())
	for _, words := range []string{"{apiGroups: [e2e.example.com], resources: [widgets], verbs: [get, list, watch, create, update, patch, delete]}", "GRANT_OPERATOR_KINDS=true"} {
		if o.State != "failed" || !strings.Contains(o.Description, words) {
			f.t.Errorf("without the right the create ended as %+v, want it to say %s", o, words)
		}
	}
	f.delete(refused)
	f.restart(map[string]string{"GRANT_OPERATOR_KINDS": "true"})
	f.eventually("the kind is granted", func() bool {
		s := f.operators()["widgets"]
		return s.State == "ready" && len(s.NotGranted) == 0
	})
	role, err := kube.RbacV1().ClusterRoles().Get(f.t.Context(), f.settings["NAMESPACE_PREFIX"]+"-operator-widgets-kinds", metav1.GetOptions{})
	f.must(err)
	if r := role.Rules; len(r) != 1 || !slices.Equal(r[0].APIGroups, []string{"e2e.example.com"}) || !slices.Equal(r[0].Resources, []string{"widgets"}) {
		f.t.Errorf("what is granted is %+v", role.Rules)
	}
}

// takesValues: an operator has the values of the file beside its chart, from when they are
// there, and those that a list of operators names, whatever comes of the others in it.
func (f *foundation) takesValues(folder string) {
	f.t.Helper()
	values, list := filepath.Join(folder, "widgets.values.yaml"), filepath.Join(folder, "list.yaml")
	f.must(os.WriteFile(values, []byte("rights: false\nimage: registry.example.com/widgets:2\n"), 0o600))
	f.want(200)(f.Send(f.t.Context(), http.MethodPost, "/admin/charts/reload", nil))
	f.eventually("the operator has the values beside it", func() bool { return f.controller().image == "registry.example.com/widgets:2" })
	f.must(os.WriteFile(filepath.Join(folder, "other.yaml"), []byte("image: registry.example.com/widgets:3\n"), 0o600))
	f.must(os.WriteFile(list, []byte("- {path: widgets, values: other.yaml}\n- {path: missing}\n"), 0o600))
	f.restart(map[string]string{"OPERATOR_DIR": "", "OPERATOR_SOURCES": list})
	f.eventually("the operator of the list is there, with its values", func() bool {
		return f.operators()["widgets"].State == "ready" && f.controller().image == "registry.example.com/widgets:3"
	})
	if left := f.readyz().LeftOut; len(left) != 1 || left[0].Chart != filepath.Join(folder, "missing") {
		f.t.Errorf("of the list's entries there are left out: %+v", left)
	}
}

// reachesOperator: the operator and the instance that uses it reach each other, in
// the group that the operator's namespace names; a broken operator nobody uses.
func (f *foundation) reachesOperator(i rig.Instance) {
	f.t.Helper()
	group := func(operator string) string {
		namespace, err := kube.CoreV1().Namespaces().Get(f.t.Context(), f.settings["NAMESPACE_PREFIX"]+"-operator-"+operator, metav1.GetOptions{})
		f.must(err)
		return namespace.Annotations["cf-helm-broker.io/policy-group-id"]
	}
	used, unused := group("widgets"), group("broken")
	if used == "" || unused == "" || used == unused {
		f.t.Fatalf("the operators' groups are %q and %q", used, unused)
	}
	open := func(from, to string) int {
		return len(slices.DeleteFunc(f.cf.Policies(), func(p cf.Policy) bool { return p.Source.ID != from || p.Destination.ID != to }))
	}
	f.eventually("the operator and the instance reach each other", func() bool {
		return open(used, i.ID) == 2 && open(i.ID, used) == 2 && open(used, used) == 2
	})
	if open(unused, i.ID)+open(i.ID, unused)+open(used, unused) > 0 {
		f.t.Errorf("more is open than that: %+v", f.cf.Policies())
	}
}

// usesOperatorLater: a chart that only speaks of the operator's kind opens nothing to
// it. With an update that makes an object of it, it does, until there is none any more.
func (f *foundation) usesOperatorLater() {
	f.t.Helper()
	i := f.create("mention", "default", nil)
	between := func() (n int) {
		for _, p := range f.cf.Policies() {
			if (p.Source.ID == i.ID) != (p.Destination.ID == i.ID) {
				n++
			}
		}
		return n
	}
	if n := between(); n != 0 {
		f.t.Errorf("%d policies lead to or from an instance that makes nothing of the operator's: %+v", n, f.cf.Policies())
	}
	f.update(i, map[string]any{"parameters": map[string]any{"widget": true}})
	if n := between(); n != 4 {
		f.t.Errorf("%d policies lead to or from an instance that makes an object of the operator's: %+v", n, f.cf.Policies())
	}
	f.update(i, map[string]any{"parameters": map[string]any{"widget": false}})
	f.eventually("the way to the operator is closed", func() bool { return between() == 0 })
	f.delete(i)
}

type controller struct {
	version    string
	image      string
	generation int64
	revisions  int
}

// controller is the operator's Deployment and Helm's record of it.
func (f *foundation) controller() controller {
	f.t.Helper()
	namespace := f.settings["NAMESPACE_PREFIX"] + "-operator-widgets"
	d, err := kube.AppsV1().Deployments(namespace).Get(f.t.Context(), "widgets-controller", metav1.GetOptions{})
	f.must(err)
	releases, err := kube.CoreV1().Secrets(namespace).List(f.t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	f.must(err)
	return controller{version: d.Labels["version"], image: d.Spec.Template.Spec.Containers[0].Image, generation: d.Generation, revisions: len(releases.Items)}
}
