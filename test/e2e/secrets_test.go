package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// harvest is everything that can be read with less right than a Secret: what
// the broker says, and what Kubernetes shows to whoever may look around.
type harvest struct {
	*foundation
	said map[string]*strings.Builder
}

func (f *foundation) harvest() *harvest { return &harvest{f, map[string]*strings.Builder{}} }

func (h *harvest) add(where, text string) {
	if h.said[where] == nil {
		h.said[where] = &strings.Builder{}
	}
	h.said[where].WriteString(text + "\n")
}

// refused keeps an answer that is no success.
func (h *harvest) refused(answer rig.Answer, err error) {
	h.t.Helper()
	h.must(err)
	if answer.Status < 400 {
		h.t.Fatalf("status %d, want a refusal: %s", answer.Status, answer.Body)
	}
	h.add("an answer", fmt.Sprint(answer.Header)+string(answer.Body))
}

// failed waits until an operation has failed, and keeps the description.
func (h *harvest) failed(i rig.Instance, operation string) {
	h.t.Helper()
	o, err := h.Await(h.t.Context(), i, operation, func(o rig.Operation) { h.add("a description", o.Description) })
	h.must(err)
	if o.State != "failed" {
		h.t.Fatalf("an operation that was to fail ended as %+v", o)
	}
}

// look reads the cluster's events, and names, labels and annotations of all that
// belongs to the broker.
func (h *harvest) look() {
	h.t.Helper()
	client, err := metadata.NewForConfig(shared.RESTConfig())
	h.must(err)
	for _, resource := range []schema.GroupVersionResource{
		{Version: "v1", Resource: "namespaces"}, {Version: "v1", Resource: "secrets"}, {Version: "v1", Resource: "configmaps"},
		{Version: "v1", Resource: "services"}, {Version: "v1", Resource: "pods"}, {Version: "v1", Resource: "serviceaccounts"},
		{Group: "apps", Version: "v1", Resource: "deployments"}, {Group: "apps", Version: "v1", Resource: "statefulsets"},
		{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
	} {
		list, err := client.Resource(resource).List(h.t.Context(), metav1.ListOptions{})
		h.must(err)
		for _, o := range list.Items {
			if strings.HasPrefix(o.Namespace+o.Name, h.settings["NAMESPACE_PREFIX"]) {
				h.add("metadata", fmt.Sprint(o.Name, o.Labels, o.Annotations))
			}
		}
	}
	events, err := kube.CoreV1().Events("").List(h.t.Context(), metav1.ListOptions{})
	h.must(err)
	for _, e := range events.Items {
		if strings.HasPrefix(e.Namespace, h.settings["NAMESPACE_PREFIX"]) {
			h.add("an event", e.Reason+e.Message)
		}
	}
}

// watchArguments reads the arguments of the broker's process and of all that it
// starts, until the returned function is called.
func (h *harvest) watchArguments() (end func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	var seen strings.Builder
	go func() {
		defer close(done)
		for {
			seen.WriteString(arguments(h.broker.PID()) + "\n")
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond): // a process can't be waited for to begin
			}
		}
	}()
	return func() {
		close(stop)
		<-done
		h.add("an argument", seen.String())
	}
}

func arguments(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	all := string(text)
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range children {
		ids, _ := os.ReadFile(file)
		for _, id := range strings.Fields(string(ids)) {
			if child, err := strconv.Atoi(id); err == nil {
				all += " " + arguments(child)
			}
		}
	}
	return all
}

// wantNone fails if any of the secrets stands anywhere in what was gathered.
func (h *harvest) wantNone(secrets map[string]string) {
	h.t.Helper()
	h.add("the log", h.broker.Log())
	h.add("the metrics", h.metrics())
	for _, path := range []string{"/readyz", "/v2/catalog"} {
		answer, err := h.Send(h.t.Context(), http.MethodGet, path, nil)
		h.must(err)
		h.add(path, string(answer.Body))
	}
	for where, text := range h.said {
		for what, secret := range secrets {
			if secret == "" {
				h.t.Fatalf("%s is empty, so this test shows nothing", what)
			}
			if at := strings.Index(text.String(), secret); at >= 0 {
				h.t.Errorf("%s holds %s: …%.300s", where, what, text.String()[max(0, at-200):])
			}
		}
	}
}

// TestNoSecretGetsOut runs the flow with marked secrets, and all that can go
// wrong in it, and finds none of them outside of Secrets and of the answers
// that hand them out.
func TestNoSecretGetsOut(t *testing.T) {
	const mark = "s3cr3t-mark"
	f := newFoundation(t, "charts", map[string]string{"LOG_LEVEL": "debug", "BIND_TIMEOUT": "2s", "OPERATION_TIMEOUT": "2m"})
	h := f.harvest()
	end := h.watchArguments()
	marked := func(more map[string]any) map[string]any {
		all := map[string]any{"x": mark, "marked": mark}
		for key, value := range more {
			all[key] = value
		}
		return all
	}
	i := f.create("fixture", "plain", marked(nil))
	bound := uuid.NewString()
	answer := f.want(201)(f.Bind(t.Context(), i, bound, f.app()))
	if !strings.Contains(string(answer.Body), mark) {
		t.Fatal("the credentials don't hold the mark, so this test shows nothing")
	}
	h.look()
	for what, body := range map[string]map[string]any{
		"another create": {"x": "other-" + mark}, "a schema's refusal": {"marked": mark + "!"}, "no template": {"x": "{{" + mark}, "a wrong type": {"marked": []any{mark}},
	} {
		instance := f.instance("fixture", "plain")
		if what == "another create" {
			instance = i
		}
		h.refused(f.Provision(t.Context(), instance, body))
	}
	h.refused(f.Send(t.Context(), http.MethodPut, "/v2/service_instances/"+uuid.NewString(), []byte(`{"parameters":{"x":"`+mark+`"`)))
	for _, wrong := range []map[string]any{{"broken": true}, {"job": cluster.ImageCrash + ":1"}, {"image": "fault.local/pull-error/fixture:1"}} {
		failing := f.instance("fixture", "plain")
		h.failed(failing, f.want(202)(f.Provision(t.Context(), failing, marked(wrong))).Operation())
		h.look()
		h.failed(i, f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": marked(wrong)})).Operation())
		f.delete(failing)
	}
	for _, fault := range []cf.Kind{cf.Down, cf.ServerError, cf.Unauthorized, cf.Forbidden, cf.InvalidJSON, cf.Redirect} {
		for _, part := range []cf.Part{cf.PolicyAPI, cf.UAA, cf.APIRoot} {
			f.cf.Fault(part, cf.Fault{Kind: fault})
			// A token and the root's links may be known already.
			if answer, err := f.Bind(t.Context(), i, uuid.NewString(), f.app()); err != nil || answer.Status >= 400 {
				h.refused(answer, err)
			}
			f.cf.Clear()
		}
	}
	stranger := *f.Client
	stranger.Password = "wrong-" + mark
	h.refused(stranger.Fetch(t.Context(), i))
	h.refused(f.Bind(t.Context(), i, bound, f.app()))
	f.want(200)(f.Unbind(t.Context(), i, bound))
	h.look()
	f.delete(i)
	end()
	h.wantNone(map[string]string{
		"a parameter": mark, "the client's secret": f.cf.Client().Secret, "the platform's password": f.Password,
	})
}

// TestNoGeneratedPasswordGetsOut does so with a password that a chart has made
// and a bind template hands out.
func TestNoGeneratedPasswordGetsOut(t *testing.T) {
	f := newFoundation(t, sampleCharts, map[string]string{"LOG_LEVEL": "debug"})
	h := f.harvest()
	end := h.watchArguments()
	i := f.create("redis", "persistent", nil)
	var body struct {
		Credentials struct {
			Password string `json:"password"`
		} `json:"credentials"`
	}
	binding := uuid.NewString()
	f.must(f.want(201)(f.Bind(t.Context(), i, binding, f.app())).Decode(&body))
	h.look()
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.delete(i)
	end()
	h.wantNone(map[string]string{"the generated password": body.Credentials.Password})
}
