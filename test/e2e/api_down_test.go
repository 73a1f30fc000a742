package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// alone is a foundation with a cluster of its own, whose API server may be
// stopped.
type alone struct {
	*foundation
	cluster *cluster.Cluster
	kube    kubernetes.Interface
}

func newAlone(t *testing.T) *alone {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	own, err := cluster.Start(ctx, cluster.Options{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := kubernetes.NewForConfig(own.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	f := newFoundationOn(t, own, "charts", map[string]string{"BIND_TIMEOUT": "5s"})
	f.eventually("it leads", func() bool { return leads(f.broker) })
	return &alone{f, own, client}
}

// down stops the API server and returns what brings it back.
func (a *alone) down() (up func()) {
	a.t.Helper()
	a.must(a.cluster.StopAPIServer())
	return func() {
		a.t.Helper()
		ctx, cancel := context.WithTimeout(a.t.Context(), patience)
		defer cancel()
		a.must(a.cluster.StartAPIServer(ctx))
	}
}

// hold keeps a namespace from going until release.
func (a *alone) hold(i rig.Instance) (release func()) {
	a.t.Helper()
	maps := a.kube.CoreV1().ConfigMaps(a.namespace(i))
	held := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"example.com/hold"}}}
	_, err := maps.Create(a.t.Context(), held, metav1.CreateOptions{})
	a.must(err)
	return func() {
		a.t.Helper()
		_, err := maps.Patch(a.t.Context(), "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		a.must(err)
	}
}

// heal gives the instance's Deployment an image that runs.
func (f *foundation) heal(kube kubernetes.Interface, i rig.Instance) {
	f.t.Helper()
	deployments := kube.AppsV1().Deployments(f.namespace(i))
	list, err := deployments.List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	patch := `{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"registry.example.com/fixture:2"}]}}}}`
	_, err = deployments.Patch(f.t.Context(), list.Items[0].Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	f.must(err)
}

// gone fails unless nothing is left of the instance in the cluster.
func (a *alone) gone(i rig.Instance) {
	a.t.Helper()
	namespaces, err := a.kube.CoreV1().Namespaces().List(a.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + a.namespace(i)})
	a.must(err)
	if len(namespaces.Items) != 0 {
		a.t.Errorf("namespace %s is left", a.namespace(i))
	}
	for _, name := range a.records() {
		if strings.Contains(name, i.ID) {
			a.t.Errorf("record %s is left", name)
		}
	}
}

func (a *alone) records() (names []string) {
	a.t.Helper()
	records, err := a.kube.CoreV1().Secrets(a.settings["BROKER_NAMESPACE"]).List(a.t.Context(), metav1.ListOptions{})
	a.must(err)
	for _, record := range records.Items {
		names = append(names, record.Name)
	}
	return names
}

// unavailable fails unless the request is answered with 503 in good time, in a
// way that has the platform try again.
func (a *alone) unavailable(what string, send func() (rig.Answer, error)) {
	a.t.Helper()
	started := time.Now()
	answer := a.want(503)(send())
	if took := time.Since(started); took > 20*time.Second { // BIND_TIMEOUT and 15 s
		a.t.Errorf("%s took %s", what, took)
	}
	if answer.Header.Get("Retry-After") == "" || !strings.Contains(answer.Description(), "try again") {
		a.t.Errorf("%s got %v %s", what, answer.Header, answer.Body)
	}
}

// TestAPIServerDown has every kind of request while the API server is away: all
// say so, nothing is half-done, and what was running goes on when it is back.
func TestAPIServerDown(t *testing.T) {
	a := newAlone(t)
	i, next := a.instance("fixture", "plain"), a.instance("fixture", "plain")
	created := a.want(202)(a.Provision(t.Context(), i, nil)).Operation()
	a.ready(i, created)
	app, binding, later := a.app(), uuid.NewString(), uuid.NewString()
	a.want(201)(a.Bind(t.Context(), i, binding, app))
	open := a.cf.Policies()
	making, makes := a.stuck()
	going := a.create("fixture", "plain", nil)
	release := a.hold(going)
	goes := a.want(202)(a.Deprovision(t.Context(), going)).Operation()
	a.eventually("the delete waits for the namespace", func() bool {
		_, o, err := a.LastOperation(t.Context(), going, goes)
		a.must(err)
		return strings.HasPrefix(o.Description, "deleting the namespace; in the way: ") && strings.Contains(o.Description, "configmaps")
	})

	up := a.down()
	ctx, number := t.Context(), map[string]any{"parameters": map[string]any{"number": 2}}
	for what, send := range map[string]func() (rig.Answer, error){
		"create":                   func() (rig.Answer, error) { return a.Provision(ctx, next, nil) },
		"create again":             func() (rig.Answer, error) { return a.Provision(ctx, i, nil) },
		"fetch":                    func() (rig.Answer, error) { return a.Fetch(ctx, i) },
		"update":                   func() (rig.Answer, error) { return a.Update(ctx, i, number) },
		"delete":                   func() (rig.Answer, error) { return a.Deprovision(ctx, i) },
		"delete of one that isn't": func() (rig.Answer, error) { return a.Deprovision(ctx, next) },
		"bind":                     func() (rig.Answer, error) { return a.Bind(ctx, i, later, app) },
		"bind again":               func() (rig.Answer, error) { return a.Bind(ctx, i, binding, app) },
		"fetch binding":            func() (rig.Answer, error) { return a.FetchBinding(ctx, i, binding) },
		"unbind":                   func() (rig.Answer, error) { return a.Unbind(ctx, i, binding) },
		"poll of one that isn't": func() (rig.Answer, error) {
			answer, _, err := a.LastOperation(ctx, next, "")
			return answer, err
		},
	} {
		a.unavailable(what, send)
	}
	// What it knows it tells.
	if _, o, err := a.LastOperation(ctx, i, created); err != nil || o.State != "succeeded" {
		t.Errorf("polling the create that has ended got %+v, %v", o, err)
	}
	if _, o, err := a.LastOperation(ctx, making, makes); err != nil || o.State != "in progress" {
		t.Errorf("polling the running create got %+v, %v", o, err)
	}
	if _, o, err := a.LastOperation(ctx, going, goes); err != nil || o.State != "in progress" {
		t.Errorf("polling the running delete got %+v, %v", o, err)
	}
	_, err := a.Catalog(ctx)
	a.must(err)
	a.wantPolicies(open...)
	a.eventually("it leads no longer", func() bool { return strings.Contains(a.broker.Log(), "leading-no-longer") })
	up()

	a.eventually("it leads again", func() bool { return strings.Count(a.broker.Log(), "worker.leading\"") == 2 })
	a.wantPolicies(open...)
	for _, name := range a.records() {
		if strings.Contains(name, next.ID) || strings.Contains(name, later) {
			t.Errorf("record %s is half-done", name)
		}
	}
	a.heal(a.kube, making)
	a.ready(making, makes)
	release()
	if o := a.ended(going, goes); o.State != "gone" {
		t.Errorf("the delete ended as %+v", o)
	}
	a.gone(going)
	// The platform tries again.
	a.want(201)(a.Bind(ctx, i, later, app))
	a.want(200)(a.Unbind(ctx, i, binding))
	a.wantPolicies(open...)
	a.ready(i, a.want(202)(a.Update(ctx, i, number)).Operation())
	a.ready(next, a.want(202)(a.Provision(ctx, next, nil)).Operation())
	for _, each := range []rig.Instance{i, next, making} {
		a.delete(each)
		a.gone(each)
	}
}

// TestBindCutByAPIServer loses the API server between the two writes of a
// bind: the platform's next request finds it whole, or makes it none.
func TestBindCutByAPIServer(t *testing.T) {
	a := newAlone(t)
	i := a.create("fixture", "plain", nil)
	for what, next := range map[string]func(app, binding string){
		"bound again": func(app, binding string) {
			if answer, err := a.Bind(t.Context(), i, binding, app); err != nil || answer.Status != 200 && answer.Status != 201 {
				t.Fatalf("the same bind again got %d %s, %v", answer.Status, answer.Body, err)
			}
			a.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "udp", 5353, 5353))
			a.want(200)(a.Unbind(t.Context(), i, binding))
		},
		"unbound": func(_, binding string) {
			if answer, err := a.Unbind(t.Context(), i, binding); err != nil || answer.Status != 200 && answer.Status != 410 {
				t.Fatalf("the unbind got %d %s, %v", answer.Status, answer.Body, err)
			}
		},
	} {
		app, binding := a.app(), uuid.NewString()
		a.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Slow, Delay: 8 * time.Second, Times: 1, Route: "POST /networking/v1/external/policies"})
		answered := make(chan rig.Answer, 1)
		go func() {
			answer, err := a.Bind(t.Context(), i, binding, app)
			if err != nil {
				t.Error(err)
			}
			answered <- answer
		}()
		a.eventually("the bind has been recorded", func() bool {
			return strings.Contains(strings.Join(a.records(), " "), binding)
		})
		up := a.down()
		if answer := <-answered; answer.Status != 503 || answer.Header.Get("Retry-After") == "" {
			t.Errorf("the bind that was cut got %d %v %s", answer.Status, answer.Header, answer.Body)
		}
		up()
		t.Log(what)
		next(app, binding)
		a.wantPolicies()
	}
	// Its tombstone may outlive the instance: a request that still hangs
	// somewhere could open it once more.
	a.delete(i)
	a.wantPolicies()
}

// written is a log that may be read while it is being written.
type written struct {
	mu   sync.Mutex
	text []byte
}

func (w *written) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text...)
	return len(text), nil
}

// address is where the broker listens, "" until it does.
func (w *written) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(string(w.text)) {
		var entry struct {
			Message string `json:"message"`
			Data    struct {
				Address string `json:"address"`
			} `json:"data"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Message == "cf-helm-broker.listening" {
			return entry.Data.Address
		}
	}
	return ""
}

// TestStartedWhileAPIServerDown isn't ready, and becomes so by itself.
func TestStartedWhileAPIServerDown(t *testing.T) {
	a := newAlone(t)
	i := a.create("fixture", "plain", nil)
	a.must(a.broker.Stop())
	up := a.down()
	log, started := &written{}, make(chan *rig.Broker, 1)
	go func() {
		broker, err := rig.Start(t.Context(), binary, a.settings, log)
		if err != nil {
			t.Error(err)
		}
		started <- broker
	}()
	a.eventually("it listens", func() bool { return log.address() != "" })
	unready, err := http.Get("http://" + log.address() + "/readyz")
	a.must(err)
	_ = unready.Body.Close()
	if unready.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d while the API server is down", unready.StatusCode)
	}
	early := &rig.Client{URL: "http://" + log.address(), Username: rig.Username, Password: rig.Password, HTTP: http.DefaultClient}
	a.unavailable("fetch", func() (rig.Answer, error) { return early.Fetch(t.Context(), i) })
	up()
	broker := <-started
	if broker == nil {
		t.FailNow()
	}
	t.Cleanup(func() {
		if err := broker.Stop(); err != nil {
			t.Errorf("the broker ended badly: %v", err)
		}
	})
	a.Client = broker.Client()
	a.want(201)(a.Bind(t.Context(), i, uuid.NewString(), a.app()))
	a.delete(a.create("fixture", "plain", nil))
	a.delete(i)
	a.gone(i)
}
