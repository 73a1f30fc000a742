package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const markedSecret = "s3cr3t-of-a-user"

// operator runs `broker instances …` with the two settings that it needs and
// the rights that the manifests give, and fails unless it ends with the exit
// status.
func (f *foundation) operator(exit int, args ...string) (stdout, stderr string) {
	f.t.Helper()
	return f.operatorWith(f.settings["KUBECONFIG"], exit, args...)
}

// operatorWith is operator with other rights.
func (f *foundation) operatorWith(kubeconfig string, exit int, args ...string) (stdout, stderr string) {
	f.t.Helper()
	return f.operatorIn(map[string]string{"KUBECONFIG": kubeconfig, "BROKER_NAMESPACE": f.settings["BROKER_NAMESPACE"]}, exit, args...)
}

// operatorIn is operator with other settings.
func (f *foundation) operatorIn(settings map[string]string, exit int, args ...string) (stdout, stderr string) {
	f.t.Helper()
	stdout, stderr = f.command(exit, settings, append([]string{"instances"}, args...)...)
	if exit == 0 && stderr != "" {
		f.t.Errorf("instances %s went well and says %s", strings.Join(args, " "), stderr)
	}
	return stdout, stderr
}

// refused runs a subcommand that has to fail with these words.
func (f *foundation) refused(words string, args ...string) (stdout string) {
	f.t.Helper()
	stdout, stderr := f.operator(1, args...)
	if !strings.Contains(stderr, words) {
		f.t.Errorf("instances %s was refused with %q, want %q", strings.Join(args, " "), stderr, words)
	}
	return stdout
}

func (f *foundation) shown(i rig.Instance) (d inspect.Details) {
	f.t.Helper()
	stdout, _ := f.operator(0, "show", i.ID, "--json")
	f.must(json.Unmarshal([]byte(stdout), &d))
	return d
}

func (f *foundation) listed(flags ...string) (l inspect.Listing) {
	f.t.Helper()
	stdout, _ := f.operator(0, append([]string{"list", "--json"}, flags...)...)
	f.must(json.Unmarshal([]byte(stdout), &l))
	return l
}

// contains fails unless all words are in the text.
func (f *foundation) contains(text string, words ...string) {
	f.t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			f.t.Errorf("%q isn't in\n%s", w, text)
		}
	}
}

// bindAs binds with a secret parameter, on behalf of a user.
func (f *foundation) bindAs(i rig.Instance, binding, app, user string) {
	f.t.Helper()
	body, err := json.Marshal(map[string]any{
		"service_id": i.Service.ID, "plan_id": i.Plan.ID, "app_guid": app, "bind_resource": map[string]any{"app_guid": app},
		"parameters": map[string]any{"password": markedSecret},
	})
	f.must(err)
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodPut,
		f.URL+"/v2/service_instances/"+i.ID+"/service_bindings/"+binding, bytes.NewReader(body))
	f.must(err)
	request.SetBasicAuth(f.Username, f.Password)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Broker-API-Version", "2.17")
	request.Header.Set("X-Broker-API-Originating-Identity", "cloudfoundry "+base64.StdEncoding.EncodeToString([]byte(`{"user_id":"`+user+`"}`)))
	f.want(201)(f.Do(request))
}

// TestInstancesCommand looks at instances, and puts them right, from beside
// the broker. All that has to run into its time limit does so at once.
func TestInstancesCommand(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	if empty, _ := f.operator(0, "list"); !strings.Contains(empty, "no service instances") {
		t.Errorf("an empty list is %q", empty)
	}
	good, changed, stuck := f.create("fixture", "plain", map[string]any{"marked": markedSecret}), f.create("fixture", "plain", nil), f.create("fixture", "plain", nil)
	held := f.finalized(stuck)
	f.timeLimit(40 * time.Second)
	bad := f.instance("fixture", "unpullable")
	deleting := f.want(202)(f.Deprovision(t.Context(), stuck)).Operation()
	updating := f.want(202)(f.Update(t.Context(), changed, map[string]any{"parameters": map[string]any{"image": "fault.local/pull-error/fixture:1"}})).Operation()
	creating := f.want(202)(f.Provision(t.Context(), bad, nil)).Operation()
	f.refused("its create is running", "retry", bad.ID)
	f.refused("its create is running", "forget", bad.ID, "--yes")
	f.refused("its delete is running", "forget", "--yes", stuck.ID)
	for _, subcommand := range []string{"show", "retry", "forget"} {
		f.refused("no such instance; broker instances list shows them", subcommand, uuid.NewString())
	}
	f.showsInstance(good)
	f.refused("nothing failed: its last create succeeded", "retry", good.ID)
	for _, o := range []rig.Operation{f.ended(bad, creating), f.ended(changed, updating), f.ended(stuck, deleting)} {
		if o.State != "failed" {
			t.Fatalf("an operation ended as %+v", o)
		}
	}
	f.timeLimit(patience)
	f.listsInstances(good, changed, stuck, bad)
	f.refused("rolled back", "retry", changed.ID)
	f.retriesDelete(stuck, held)
	f.retriesCreate(bad)
	f.forgets(good)
}

// finalized puts into the instance's namespace what keeps it from going.
func (f *foundation) finalized(i rig.Instance) *corev1.ConfigMap {
	f.t.Helper()
	held, err := kube.CoreV1().ConfigMaps(f.namespace(i)).Create(f.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"example.com/gone-controller"}},
	}, metav1.CreateOptions{})
	f.must(err)
	return held
}

// showsInstance binds an app and looks at everything.
func (f *foundation) showsInstance(i rig.Instance) {
	f.t.Helper()
	app, binding, user := f.app(), uuid.NewString(), uuid.NewString()
	f.bindAs(i, binding, app, user)
	pods := f.pods(i)
	text, _ := f.operator(0, "show", i.ID)
	f.contains(text, i.ID, "fixture 1.0.0 (sha256:", "plain ("+i.Plan.ID, f.namespace(i)+" (Active)", "create: succeeded, attempt 1",
		": deployed, revision 1", pods[0].Name+" at "+pods[0].Status.PodIP+", Running, ready", binding+": bound, app "+app,
		"app "+app+" to group "+i.ID+", tcp 8080", "cloudfoundry ("+user+")", "marked (values: --secrets)", "password (values: --secrets)")
	plain, _ := f.operator(0, "show", i.ID, "--json")
	if strings.Contains(text+plain, markedSecret) {
		f.t.Errorf("a secret is shown unasked:\n%s%s", text, plain)
	}
	for _, flags := range [][]string{{"--secrets"}, {"--secrets", "--json"}} {
		secret, _ := f.operator(0, append([]string{"show", i.ID}, flags...)...)
		// In the instance's parameters, the binding's, and the credentials.
		if n := strings.Count(secret, markedSecret); n != 3 {
			f.t.Errorf("show %v holds the secret %d times, want 3:\n%s", flags, n, secret)
		}
	}
	d := f.shown(i)
	if len(d.Bindings) != 1 || len(d.Bindings[0].Policies) != 2 || d.Bindings[0].User != user || d.Release == nil || d.Release.Revision != 1 ||
		len(d.Pods) != 1 || !d.Pods[0].Ready || !slices.Equal(d.Keys, []string{"marked"}) || d.Names.Instance != "test" || len(d.Unread) != 0 {
		f.t.Errorf("show --json says %+v", d)
	}
}

// listsInstances lists them beside a damaged record.
func (f *foundation) listsInstances(good rig.Instance, failed ...rig.Instance) {
	f.t.Helper()
	secrets := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"])
	_, err := secrets.Create(f.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "instance.damaged", Labels: map[string]string{"cf-helm-broker.io/record": "instance"}},
		Data:       map[string][]byte{"record": []byte(markedSecret)},
	}, metav1.CreateOptions{})
	f.must(err)
	f.refused("kubectl -n "+f.settings["BROKER_NAMESPACE"]+" delete secret instance.damaged", "show", "damaged")
	all := f.listed()
	if len(all.Instances) != len(failed)+1 || all.Instances[len(failed)].ID != good.ID || all.Instances[len(failed)].Bindings != 1 {
		f.t.Fatalf("the list isn't the failed instances, then the good one: %+v", all)
	}
	for n := range failed {
		if s := all.Instances[n]; s.State != "failed" || s.Reason == "" || n > 0 && s.Started.Before(all.Instances[n-1].Started) {
			f.t.Errorf("in place %d stands %+v", n, s)
		}
	}
	if len(all.Damaged) != 1 || all.Damaged[0].Secret != "instance.damaged" {
		f.t.Errorf("damaged: %+v", all.Damaged)
	}
	if only := f.listed("--state", "succeeded"); len(only.Instances) != 1 || only.Instances[0].ID != good.ID {
		f.t.Errorf("those that succeeded: %+v", only)
	}
	if none := f.listed("--service", "other"); len(none.Instances) != 0 {
		f.t.Errorf("those of another service: %+v", none)
	}
	text, _ := f.operator(0, "list")
	f.contains(text, "unpullable", "0 of 1 pods ready", "waiting for namespace", "Secret instance.damaged", "damaged")
	if strings.Contains(text, markedSecret) {
		f.t.Errorf("a secret is listed:\n%s", text)
	}
	f.must(secrets.Delete(f.t.Context(), "instance.damaged", metav1.DeleteOptions{}))
}

// retriesDelete removes the cause of a delete's failure, and has it begin
// again.
func (f *foundation) retriesDelete(i rig.Instance, held *corev1.ConfigMap) {
	f.t.Helper()
	text, _ := f.operator(0, "show", i.ID)
	f.contains(text, "delete: failed", ": none seen")
	if d := f.shown(i); d.NamespacePhase != "Terminating" || d.Operation.State != "failed" {
		f.t.Errorf("the stuck delete is shown as %+v", d)
	}
	_, err := kube.CoreV1().ConfigMaps(held.Namespace).Patch(f.t.Context(), held.Name, "application/merge-patch+json",
		[]byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	f.must(err)
	told, _ := f.operator(0, "retry", i.ID)
	f.contains(told, "the delete begins again", "correlation id")
	f.eventually("the instance is gone", func() bool {
		answer, _, err := f.LastOperation(f.t.Context(), i, "")
		f.must(err)
		return answer.Status == http.StatusGone
	})
	f.nothingLeft(i)
}

// retriesCreate does it with and without the kept chart, then deletes.
func (f *foundation) retriesCreate(i rig.Instance) {
	f.t.Helper()
	secrets := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"])
	kept, err := secrets.List(f.t.Context(), metav1.ListOptions{FieldSelector: "type=cf-helm-broker.io/chart"})
	f.must(err)
	chart := kept.Items[0]
	f.must(secrets.Delete(f.t.Context(), chart.Name, metav1.DeleteOptions{}))
	f.refused("isn't kept any more", "retry", i.ID)
	chart.ResourceVersion, chart.UID = "", ""
	_, err = secrets.Create(f.t.Context(), &chart, metav1.CreateOptions{})
	f.must(err)

	before := f.shown(i).Operation
	f.operator(0, "retry", i.ID)
	f.eventually("the broker has taken the create up again", func() bool {
		o := f.shown(i).Operation
		return o.ID != before.ID && o.Type == "create" && o.Attempt > 0
	})
	f.refused("its create is running", "retry", i.ID)
	f.delete(i)
}

// forgets removes the records and nothing else.
func (f *foundation) forgets(i rig.Instance) {
	f.t.Helper()
	before := f.cf.Policies()
	for _, leftover := range []string{
		f.refused("give --yes", "forget", i.ID),
		func() string { told, _ := f.operator(0, "forget", i.ID, "--yes"); return told }(),
	} {
		f.contains(leftover, "namespace "+f.namespace(i), "on the broker's cluster", "to group "+i.ID+", udp 5353", "/networking/v1/external/policies/delete")
	}
	f.refused("no such instance", "show", i.ID)
	f.refused("no such instance", "forget", i.ID, "--yes")
	f.wantPolicies(before...)
	if len(before) != 2 || len(f.pods(i)) != 1 {
		f.t.Errorf("before there were the policies %+v, now there are the pods %+v", before, f.pods(i))
	}
	// A platform that deletes it after all isn't told that it is gone.
	operation := f.want(202)(f.Deprovision(f.t.Context(), i)).Operation()
	if o := f.ended(i, operation); o.State != "gone" {
		f.t.Errorf("the delete after forget ended as %+v", o)
	}
}
