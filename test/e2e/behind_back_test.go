package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestChangedBehindTheBroker has somebody change an instance by hand: every
// answer stays true, and a delete ends with nothing left.
func TestChangedBehindTheBroker(t *testing.T) {
	const gone = "somebody has removed it by hand; delete the service instance"
	for name, c := range map[string]struct {
		change func(*foundation, rig.Instance)
		bind   int
		says   string
		// update is how one ends, and updateSays its description.
		update, updateSays string
	}{
		"namespace deleted":                {(*foundation).dropNamespace, 422, gone, "failed", "delete the service instance"},
		"release uninstalled":              {(*foundation).uninstall, 422, gone, "failed", "delete the service instance"},
		"release forgotten, objects there": {(*foundation).forgetRelease, 201, "", "failed", "release"},
		"scaled to nothing":                {func(f *foundation, i rig.Instance) { f.scale(i, 0) }, 503, "no pod of the service instance is ready", "succeeded", ""},
		"record without its label":         {(*foundation).unlabel, 201, "", "succeeded", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts", map[string]string{"BIND_TIMEOUT": "2s"})
			i := f.instance("fixture", "plain")
			created := f.want(202)(f.Provision(t.Context(), i, nil)).Operation()
			f.ready(i, created)
			app, binding, later := f.app(), uuid.NewString(), uuid.NewString()
			bound := f.want(201)(f.Bind(t.Context(), i, binding, app))
			open := f.cf.Policies()
			c.change(f, i)

			f.want(200)(f.Fetch(t.Context(), i))
			if _, o, err := f.LastOperation(t.Context(), i, created); err != nil || o.State != "succeeded" {
				t.Errorf("polling the create got %+v, %v", o, err)
			}
			if again := f.want(200)(f.Bind(t.Context(), i, binding, app)); string(again.Body) != string(bound.Body) {
				t.Errorf("the same bind again got %s, before: %s", again.Body, bound.Body)
			}
			if answer := f.want(c.bind)(f.Bind(t.Context(), i, later, f.app())); !strings.Contains(answer.Description(), c.says) {
				t.Errorf("a new bind got %s", answer.Body)
			}
			if c.bind == 201 {
				f.want(200)(f.Unbind(t.Context(), i, later))
			} else {
				f.want(410)(f.Unbind(t.Context(), i, later))
			}
			f.wantPolicies(open...)
			operation := f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"number": 2}})).Operation()
			if o := f.ended(i, operation); o.State != c.update || !strings.Contains(o.Description, c.updateSays) {
				t.Errorf("the update ended as %+v", o)
			}
			if c.update == "succeeded" {
				f.want(201)(f.Bind(t.Context(), i, later, app))
				f.want(200)(f.Unbind(t.Context(), i, later))
			}
			f.want(200)(f.Unbind(t.Context(), i, binding))
			f.wantPolicies()
			f.delete(i)
			f.want(410)(f.Deprovision(t.Context(), i))
		})
	}
}

func (f *foundation) dropNamespace(i rig.Instance) {
	f.t.Helper()
	namespaces := kube.CoreV1().Namespaces()
	f.must(namespaces.Delete(f.t.Context(), f.namespace(i), metav1.DeleteOptions{}))
	f.eventually("the namespace is gone", func() bool {
		_, err := namespaces.Get(f.t.Context(), f.namespace(i), metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

// uninstall is `helm uninstall`.
func (f *foundation) uninstall(i rig.Instance) {
	f.t.Helper()
	there, err := helmsvc.NewCluster(shared.RESTConfig(), helmsvc.Config{})
	f.must(err)
	f.must(there.Uninstall(f.t.Context(), tenant.TargetOf(f.settings["NAMESPACE_PREFIX"], i.ID), nil))
	f.eventually("no pod is left", func() bool { return len(f.pods(i)) == 0 })
}

func (f *foundation) forgetRelease(i rig.Instance) {
	f.t.Helper()
	f.must(kube.CoreV1().Secrets(f.namespace(i)).DeleteCollection(f.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm"}))
}

func (f *foundation) unlabel(i rig.Instance) {
	f.t.Helper()
	f.patchRecord(i, `{"metadata":{"labels":{"cf-helm-broker.io/record":null}}}`)
}

func (f *foundation) patchRecord(i rig.Instance, patch string) {
	f.t.Helper()
	_, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).Patch(f.t.Context(), "instance."+i.ID, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	f.must(err)
}

// rewriteRecord puts a text into the instance's record and returns what was
// there.
func (f *foundation) rewriteRecord(i rig.Instance, text []byte) (before []byte) {
	f.t.Helper()
	record, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).Get(f.t.Context(), "instance."+i.ID, metav1.GetOptions{})
	f.must(err)
	patch, err := json.Marshal(map[string]any{"data": map[string]any{"record": text}})
	f.must(err)
	f.patchRecord(i, string(patch))
	return record.Data["record"]
}

// TestUnreadableRecord answers nothing that it can't know, names the Secret,
// quotes nothing of it, and goes on when the record is put right.
func TestUnreadableRecord(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(text string) string
		says string
	}{
		"damaged":      {func(text string) string { return text[:len(text)/2] }, "is damaged"},
		"other format": {func(text string) string { return strings.Replace(text, `"format":2`, `"format":4`, 1) }, "has format 4, this broker reads format 3 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts", nil)
			i := f.instance("fixture", "plain")
			created := f.want(202)(f.Provision(t.Context(), i, map[string]any{"marked": "a-secret"})).Operation()
			f.ready(i, created)
			app, binding, later := f.app(), uuid.NewString(), uuid.NewString()
			f.want(201)(f.Bind(t.Context(), i, binding, app))
			before := f.rewriteRecord(i, nil)
			f.rewriteRecord(i, []byte(c.edit(string(before))))

			poll := func() (rig.Answer, error) {
				answer, _, err := f.LastOperation(t.Context(), i, created)
				return answer, err
			}
			f.eventually("the broker has seen it", func() bool {
				answer, err := poll()
				f.must(err)
				return answer.Status == 500
			})
			for what, send := range map[string]func() (rig.Answer, error){
				"fetch":  func() (rig.Answer, error) { return f.Fetch(t.Context(), i) },
				"poll":   poll,
				"create": func() (rig.Answer, error) { return f.Provision(t.Context(), i, nil) },
				"bind":   func() (rig.Answer, error) { return f.Bind(t.Context(), i, later, app) },
				"update": func() (rig.Answer, error) {
					return f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"number": 2}})
				},
				"delete": func() (rig.Answer, error) { return f.Deprovision(t.Context(), i) },
			} {
				answer := f.want(500)(send())
				said := answer.Description()
				if !strings.Contains(said, "Secret instance."+i.ID) || !strings.Contains(said, c.says) || strings.Contains(said, "a-secret") {
					t.Errorf("%s got %s", what, answer.Body)
				}
			}
			f.want(200)(f.Unbind(t.Context(), i, binding))
			f.wantPolicies()

			f.rewriteRecord(i, before)
			f.eventually("the broker has seen it", func() bool {
				answer, err := poll()
				f.must(err)
				return answer.Status == 200
			})
			f.want(201)(f.Bind(t.Context(), i, later, app))
			f.delete(i)
		})
	}
}

// TestSomebodyElsesPolicy to the instance's group is left alone, by the rounds
// as by everything else.
func TestSomebodyElsesPolicy(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"POLICY_RESYNC": "200ms"})
	i := f.create("fixture", "plain", nil)
	app, binding := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, app))
	theirs := []cf.Policy{cf.NewPolicy(f.app(), i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "tcp", 9090, 9090)}
	f.must(f.cf.AddPolicies(theirs...))
	all := f.cf.Policies()
	f.rounds(3)
	f.wantPolicies(all...)
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.rounds(3)
	f.wantPolicies(theirs...)
	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	if o := f.ended(i, operation); o.State != "gone" {
		t.Errorf("the delete ended as %+v", o)
	}
	f.wantPolicies(theirs...)
	f.cf.DeletePolicies(theirs...)
	f.nothingLeft(i)
}

// TestRecordDeleted deletes what is left of an instance whose record somebody
// has deleted: it is never answered 410 and left behind.
func TestRecordDeleted(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.must(kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).Delete(t.Context(), "instance."+i.ID, metav1.DeleteOptions{}))
	f.delete(i)
	f.want(410)(f.Deprovision(t.Context(), i))
	f.wantPolicies()
}
