package faults

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// rest waits until what was acknowledged, the records, the releases and the
// policies agree, and fails with their differences if they never do.
func (w *world) rest() {
	w.t.Helper()
	w.eventually(func() string { return strings.Join(w.differences(), "\n") })
	for _, each := range w.watch.differences() {
		w.t.Errorf("in passing: %s", each)
	}
}

// differences compares the four truths. No tombstone, no running operation and
// nothing half-made may be left either.
func (w *world) differences() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Concat(w.recordDifferences(), w.namespaceDifferences(), w.roleDifferences(), w.volumeDifferences(), w.policyDifferences(), w.credHubDifferences(), w.placeholderDifferences(), w.answerDifferences())
}

// record is what is compared of a record.
type record struct {
	State       string
	Parameters  json.RawMessage
	Credentials json.RawMessage
	CredHub     struct{ Name string }
	Operation   *struct{ State string }
}

func (w *world) recordDifferences() (found []string) {
	secrets, err := w.kube.CoreV1().Secrets(w.records).List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		return []string{err.Error()}
	}
	want := map[string]string{} // what each record is to say, by its name
	for id, i := range w.instances {
		want["instance."+id] = fmt.Sprintf(`succeeded {"number":%d}`, i.number)
		if w.enforces(policy.C2C) { // elsewhere an instance's pods need nothing
			want["binding."+id+".own.access"] = "bound"
		}
		for binding := range i.bindings {
			want["binding."+id+"."+binding] = "bound " + i.issued[binding]
		}
	}
	have := map[string]string{}
	for _, secret := range secrets.Items {
		kind, _, _ := strings.Cut(secret.Name, ".")
		if kind != "instance" && kind != "binding" {
			continue
		}
		var r record
		if err := json.Unmarshal(secret.Data["record"], &r); err != nil {
			found = append(found, fmt.Sprintf("record %s: %v", secret.Name, err))
			continue
		}
		have[secret.Name] = r.State
		switch {
		case kind == "instance":
			have[secret.Name] = fmt.Sprintf("%s %s", r.Operation.State, r.Parameters)
		case r.CredHub.Name != "":
			have[secret.Name] += " " + reference(r.CredHub.Name)
		case len(r.Credentials) > 0:
			have[secret.Name] += " " + canonical(r.Credentials)
		}
	}
	return append(found, compare("record", have, want)...)
}

// credentialsIn are those of an answer to a bind or to a fetch.
func credentialsIn(body []byte) string {
	var answer struct{ Credentials json.RawMessage }
	_ = json.Unmarshal(body, &answer) // none then
	return canonical(answer.Credentials)
}

// canonical is JSON in one spelling.
func canonical(text json.RawMessage) string {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err.Error()
	}
	spelt, _ := json.Marshal(value) // it came from JSON
	return string(spelt)
}

func compare(what string, have, want map[string]string) (found []string) {
	names := maps.Clone(have)
	maps.Copy(names, want)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if have[name] != want[name] {
			found = append(found, fmt.Sprintf("%s %s is %q, want %q", what, name, have[name], want[name]))
		}
	}
	return found
}

func (w *world) namespaceDifferences() (found []string) {
	namespaces, err := w.kube.CoreV1().Namespaces().List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		return []string{err.Error()}
	}
	have, want := map[string]string{}, map[string]string{}
	for _, i := range w.instances {
		want[w.namespace(i)] = fmt.Sprintf("deployed, number %d", i.number)
	}
	for _, n := range namespaces.Items {
		if strings.HasPrefix(n.Name, w.prefix+"-") && n.Name != w.records {
			have[n.Name] = w.release(n)
		}
	}
	return compare("namespace", have, want)
}

// release describes the release in a namespace: the state of its newest
// revision, and the number that its Secret holds.
func (w *world) release(n corev1.Namespace) string {
	if n.DeletionTimestamp != nil {
		return "being deleted"
	}
	secrets, err := w.kube.CoreV1().Secrets(n.Name).List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	status, newest, number := "no release", 0, ""
	for _, s := range secrets.Items {
		var revision int
		_, _ = fmt.Sscan(s.Labels["version"], &revision)
		switch {
		case s.Labels["owner"] == "helm" && revision > newest:
			newest, status = revision, s.Labels["status"]
		case strings.HasSuffix(s.Name, "-fixture"):
			number = string(s.Data["number"])
		}
	}
	return fmt.Sprintf("%s, number %s", status, number)
}

// group is the policy group of an instance: the GUID of its placeholder app, if
// it has one, else its own.
func (w *world) group(id string) string {
	for _, app := range w.cf.Apps() {
		if app.Name == "cf-helm-broker-"+id {
			return app.GUID
		}
	}
	return id
}

// placeholderDifferences are the placeholder apps that there shouldn't be, or
// should.
func (w *world) placeholderDifferences() []string {
	have, want := map[string]string{}, map[string]string{}
	for _, app := range w.cf.Apps() {
		if strings.HasPrefix(app.Name, "cf-helm-broker-") {
			have[app.Name] += "there"
		}
	}
	for id := range w.instances {
		if w.placeholders {
			want["cf-helm-broker-"+id] = "there"
		}
	}
	return compare("app", have, want)
}

// answerDifferences asks every replica.
func (w *world) answerDifferences() (found []string) {
	for n, r := range w.replicas {
		c := r.client()
		r.measure()
		if c == nil {
			return append(found, fmt.Sprintf("replica %d doesn't run", n))
		}
		for id, i := range w.instances {
			found = append(found, w.asked(c, "/v2/service_instances/"+id, http.StatusOK, fmt.Sprintf(`"number":%d`, i.number))...)
			found = append(found, w.asked(c, "/v2/service_instances/"+id+"/last_operation", http.StatusOK, "succeeded")...)
			for binding := range i.bindings {
				found = append(found, w.asked(c, "/v2/service_instances/"+id+"/service_bindings/"+binding, http.StatusOK, w.handedOut(i, binding))...)
				found = append(found, w.fetched(c, i, binding)...)
			}
			for binding := range i.unbound {
				found = append(found, w.asked(c, "/v2/service_instances/"+id+"/service_bindings/"+binding, http.StatusNotFound, "")...)
			}
		}
		for id := range w.gone {
			found = append(found, w.asked(c, "/v2/service_instances/"+id+"/last_operation", http.StatusGone, "")...)
		}
	}
	return found
}

func (w *world) asked(c *rig.Client, path string, status int, contains string) []string {
	answer, err := c.Send(w.t.Context(), http.MethodGet, path, nil)
	if err == nil && answer.Status == status && strings.Contains(string(answer.Body), contains) {
		return nil
	}
	return []string{fmt.Sprintf("GET %s got %d %.300s %v, want %d with %s", path, answer.Status, answer.Body, err, status, contains)}
}

// fetched tells whether a binding is fetched with other credentials than those
// that it was issued with.
func (w *world) fetched(c *rig.Client, i *instance, binding string) []string {
	answer, err := c.FetchBinding(w.t.Context(), i.Instance, binding)
	if err != nil {
		return []string{err.Error()}
	}
	return compare("credentials of", map[string]string{binding: credentialsIn(answer.Body)}, map[string]string{binding: i.issued[binding]})
}

// podIP is the address of the instance's only pod.
func (w *world) podIP(i *instance) string {
	pods, err := w.kube.CoreV1().Pods(w.namespace(i)).List(w.t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) != 1 {
		return fmt.Sprintf("one pod, but there are %d (%v)", len(pods.Items), err)
	}
	return pods.Items[0].Status.PodIP
}
