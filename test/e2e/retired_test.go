package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// keptCharts counts the charts that are kept beside the records.
func (f *foundation) keptCharts() int {
	f.t.Helper()
	kept, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(f.t.Context(), metav1.ListOptions{FieldSelector: "type=cf-helm-broker.io/chart"})
	f.must(err)
	return len(kept.Items)
}

// ledger is what a binding to the chart ledger says.
type ledger struct{ Bound, Planned, Plan, Host string }

func (f *foundation) bindLedger(i rig.Instance) (l ledger) {
	f.t.Helper()
	var body struct{ Credentials ledger }
	binding := uuid.NewString()
	f.must(f.want(201)(f.Bind(f.t.Context(), i, binding, f.app())).Decode(&body))
	f.want(200)(f.Unbind(f.t.Context(), i, binding))
	return body.Credentials
}

// raise makes a chart of version 1.0.0 one of 1.1.0, in all its files, and
// gives it one more plan.
func raise(t *testing.T, chart string) {
	t.Helper()
	err := filepath.WalkDir(chart, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if entry.Name() == "plans.yaml" {
			text = append(text, "- {name: huge, description: Huge, file: large.yaml, allowed_parameters: [note]}\n"...)
		}
		return os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "1.0.0", "1.1.0")), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRetired serves an instance whose plan or chart has left the catalog, in
// this process and the next.
func TestRetired(t *testing.T) {
	for name, retire := range map[string]func(chart string) error{
		"plan": func(chart string) error {
			return os.WriteFile(filepath.Join(chart, "plans.yaml"), []byte("- {name: large, file: large.yaml}"), 0o600)
		},
		"chart": os.RemoveAll,
	} {
		t.Run(name, func(t *testing.T) {
			folder := shelf(t, "charts-extras/ledger")
			f := newFoundation(t, folder, nil)
			i, app, binding := f.create("ledger", "small", nil), f.app(), uuid.NewString()
			first := f.want(201)(f.Bind(t.Context(), i, binding, app))
			f.must(retire(filepath.Join(folder, "ledger")))
			f.reload()
			f.servesRetired(i, nil, map[string]any{"note": "first"})
			f.must(f.broker.Stop())
			f.start()
			f.servesRetired(i, map[string]any{"note": "first"}, map[string]any{"note": "second"})

			again := f.want(200)(f.Bind(t.Context(), i, binding, app))
			if string(again.Body) != string(first.Body) {
				t.Errorf("the same bind got %s, before %s", again.Body, first.Body)
			}
			f.want(200)(f.FetchBinding(t.Context(), i, binding))
			f.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", 8080, 8080))
			f.want(200)(f.Unbind(t.Context(), i, binding))
			f.wantPolicies()
			f.delete(i)
			f.eventually("the kept chart is gone", func() bool { return f.keptCharts() == 0 })
		})
	}
}

// servesRetired goes through all that can be asked of an instance with these
// parameters, and changes them.
func (f *foundation) servesRetired(i rig.Instance, parameters, next map[string]any) {
	f.t.Helper()
	ctx := f.t.Context()
	f.fetchCatalog()
	if _, _, err := f.catalog.Find(i.Service.Name, i.Plan.Name); err == nil {
		f.t.Fatal("the plan is still in the catalog")
	}
	if _, o, err := f.LastOperation(ctx, i, ""); err != nil || o.State != "succeeded" {
		f.t.Errorf("polling got %+v, %v", o, err)
	}
	if plan, have := f.fetched(i); plan != i.Plan.ID || have["note"] != parameters["note"] {
		f.t.Errorf("fetching got plan %s, parameters %v", plan, have)
	}
	var given any
	if parameters != nil {
		given = parameters
	}
	f.want(200)(f.Provision(ctx, i, given))
	stranger := rig.Instance{ID: uuid.NewString(), Service: i.Service, Plan: i.Plan}
	if refused := f.want(400)(f.Provision(ctx, stranger, nil)); !strings.Contains(refused.Description(), "catalog") {
		f.t.Errorf("a new instance was refused with %s", refused.Body)
	}
	if l := f.bindLedger(i); l.Bound != "1.0.0" || l.Planned != "small of 1.0.0" || l.Plan != "small" || l.Host == "" {
		f.t.Errorf("binding got %+v", l)
	}
	// The platform always says the plan.
	f.update(i, map[string]any{"plan_id": i.Plan.ID, "parameters": next})
	if data := f.data(i); data["note"] != next["note"] || data["planned"] != "small of 1.0.0" || data["rendered"] != "1.0.0" {
		f.t.Errorf("after the update the release has %v", data)
	}
	if kept := f.keptCharts(); kept != 1 {
		f.t.Errorf("%d charts are kept, want the instance's", kept)
	}
}

// wantLedger fails unless all of the release and of what a binding says is of
// the version and plan.
func (f *foundation) wantLedger(i rig.Instance, version, plan, note string) {
	f.t.Helper()
	planned := map[string]string{"small": "small", "large": "large", "huge": "large"}[plan] + " of " + version
	if data := f.data(i); data["rendered"] != version || data["planned"] != planned || data["note"] != note {
		f.t.Errorf("the release has %v, want %s of %s", data, plan, version)
	}
	maps, err := kube.CoreV1().ConfigMaps(f.namespace(i)).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	audits := ""
	for _, m := range maps.Items {
		if strings.HasSuffix(m.Name, "-audit") {
			audits += m.Data["rendered"]
		}
	}
	if audits != version {
		f.t.Errorf("the subchart's object is of %q, want %s", audits, version)
	}
	if l := f.bindLedger(i); l.Bound != version || l.Planned != planned || l.Plan != plan {
		f.t.Errorf("binding got %+v, want %s of %s", l, plan, version)
	}
}

// TestVersions keeps an instance to all of its chart's version until it is
// upgraded.
func TestVersions(t *testing.T) {
	folder := shelf(t, "charts-extras/ledger")
	f := newFoundation(t, folder, nil)
	one, two := f.create("ledger", "small", nil), f.create("ledger", "small", nil)
	raise(t, filepath.Join(folder, "ledger"))
	f.reload()
	_, large, err := f.catalog.Find("ledger", "large")
	f.must(err)
	_, huge, err := f.catalog.Find("ledger", "huge")
	f.must(err)
	upgrade := map[string]any{"version": "1.1.0"}

	f.wantLedger(one, "1.0.0", "small", "")
	f.update(one, map[string]any{"parameters": map[string]any{"note": "kept"}})
	f.wantLedger(one, "1.0.0", "small", "kept")
	f.update(one, map[string]any{"plan_id": large.ID})
	one.Plan = large
	f.wantLedger(one, "1.0.0", "large", "kept")
	refused := f.want(422)(f.Update(t.Context(), one, map[string]any{"plan_id": huge.ID}))
	if !strings.Contains(refused.Description(), "1.0.0") || !strings.Contains(refused.Description(), "cf upgrade-service") {
		t.Errorf("a plan of the newer version was refused with %s", refused.Body)
	}
	f.wantLedger(one, "1.0.0", "large", "kept")
	f.update(one, map[string]any{"plan_id": huge.ID, "maintenance_info": upgrade})
	one.Plan = huge
	f.wantLedger(one, "1.1.0", "huge", "kept")

	if kept := f.keptCharts(); kept != 2 {
		t.Errorf("%d charts are kept, want both versions", kept)
	}
	f.update(two, map[string]any{"maintenance_info": upgrade})
	f.wantLedger(two, "1.1.0", "small", "")
	f.eventually("only the newer version is kept", func() bool { return f.keptCharts() == 1 })
}

// TestRetiredRules hold for an instance as its own version of the chart says,
// also for what its plan never allowed.
func TestRetiredRules(t *testing.T) {
	folder := shelf(t, "charts/fixture")
	chart := filepath.Join(folder, "fixture")
	f := newFoundation(t, folder, nil)
	unbindable, wide := f.create("fixture", "unbindable", nil), f.create("fixture", "wide", nil)
	f.must(os.WriteFile(filepath.Join(chart, "plans.yaml"), []byte("- {name: plain, file: plain.yaml}"), 0o600))
	edit(t, filepath.Join(chart, "Chart.yaml"), "1.0.0", "2.0.0")
	f.reload()
	_, plain, err := f.catalog.Find("fixture", "plain")
	f.must(err)

	if answer, err := f.Bind(t.Context(), unbindable, uuid.NewString(), f.app()); err != nil || answer.Status != 400 || !strings.Contains(answer.Description(), "not bindable") {
		t.Errorf("binding was answered %d %s, %v", answer.Status, answer.Body, err)
	}
	upgrade := map[string]any{"version": "2.0.0"}
	refused := f.want(422)(f.Update(t.Context(), wide, map[string]any{"maintenance_info": upgrade}))
	if !strings.Contains(refused.Description(), "2.0.0") || strings.Contains(refused.Description(), "upgrade-service") {
		t.Errorf("the upgrade to a version without the plan was refused with %s", refused.Body)
	}
	f.update(wide, map[string]any{"plan_id": plain.ID})
	wide.Plan = plain
	f.update(wide, map[string]any{"maintenance_info": upgrade})
	if data := f.data(wide); data["version"] != "2.0.0" {
		t.Errorf("after the upgrade the release has %v", data)
	}
}
