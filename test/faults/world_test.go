package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// world is what one test works with.
type world struct {
	t         *testing.T
	kube      kubernetes.Interface
	cf        *cf.Server
	replicas  []*replica
	records   string // the namespace of the records
	prefix    string // of the instances' namespaces
	catalogue rig.Catalog
	// placeholders: POLICY_DESTINATION is app.
	placeholders bool
	networks     []string // that access is enforced on
	credHub      bool     // credentials are kept in CredHub

	watch watch // of what happens to access

	mu        sync.Mutex
	instances map[string]*instance // that exist, as acknowledged
	gone      map[string]*instance // that existed once, or may have
}

// instance is a service instance as acknowledged.
type instance struct {
	rig.Instance
	number   int               // its parameter
	created  bool              // its create was acknowledged as done
	unsure   int               // creates that were deleted without that
	bindings map[string]string // the bound apps, by the bindings' ids
	issued   map[string]string // the credentials that came with bindings, by the same
	unbound  map[string]bool   // bindings that are no more
}

// newWorld starts the replicas of a broker on the cluster, with extra settings.
func newWorld(t *testing.T, c *cluster.Cluster, replicas int, extra ...map[string]string) *world {
	t.Helper()
	client := cf.Client{ID: "cf-helm-broker", Secret: uuid.NewString(), Authorities: []string{"network.admin", "cloud_controller.admin"}}
	stand, err := cf.Start(cf.Options{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stand.Close)
	kube, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	prefix := "f" + uuid.NewString()[:6]
	w := &world{t: t, kube: kube, cf: stand, prefix: prefix, records: prefix + "-records", instances: map[string]*instance{}, gone: map[string]*instance{}}
	account, err := rig.Account{Namespace: w.records, Prefix: prefix, Granted: granted(t)}.Make(t.Context(), c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = account.Remove(context.Background()) })
	t.Cleanup(w.dropVolumes)
	if err := w.ensureAppsNamespace(t.Context()); err != nil {
		t.Fatal(err)
	}
	charts := t.TempDir()
	for _, folder := range []string{"../e2e/charts", "charts"} {
		if err := os.CopyFS(charts, os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	settings := map[string]string{
		"HELM_CHART_DIR": charts, "BROKER_NAMESPACE": w.records, "NAMESPACE_PREFIX": prefix,
		"CF_CLIENT_ID": stand.Client().ID, "CF_CLIENT_SECRET": stand.Client().Secret,
		"OPERATION_TIMEOUT": "5m",
		// What is owed after a kill is to be done soon.
		"BIND_TIMEOUT": "1s", "DELETE_WAIT": "1s", "LEASE_DURATION": "3s", "LEASE_RENEW": "2s", "LEASE_RETRY": "200ms",
	}
	for _, more := range extra {
		maps.Copy(settings, more)
	}
	w.placeholders = settings["POLICY_DESTINATION"] == "app"
	w.networks = strings.Split(cmp.Or(settings["ENFORCE"], policy.C2C), ",")
	if w.credHub = settings[credHubClient] != ""; w.credHub {
		w.keepInCredHub(settings)
	}
	for range replicas {
		w.replicas = append(w.replicas, newReplica(t, account.Config(), stand, &w.watch, settings))
	}
	w.readCatalog()
	if err := account.AwaitConfined(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) readCatalog() {
	w.t.Helper()
	answer := w.insist(w.catalog)
	if err := json.Unmarshal(answer.Body, &w.catalogue); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) catalog(c *rig.Client) (rig.Answer, error) {
	return c.Send(w.t.Context(), "GET", "/v2/catalog", nil)
}

func (w *world) newInstance(number int) *instance {
	w.t.Helper()
	return w.instanceOf("fixture", "plain", number)
}

func (w *world) instanceOf(service, plan string, number int) *instance {
	w.t.Helper()
	s, p, err := w.catalogue.Find(service, plan)
	if err != nil {
		w.t.Fatal(err)
	}
	return &instance{
		Instance: rig.Instance{ID: uuid.NewString(), Service: s, Plan: p, Space: w.cf.Space()},
		number:   number, bindings: map[string]string{}, issued: map[string]string{}, unbound: map[string]bool{},
	}
}

func (w *world) namespace(i *instance) string { return i.Namespace(w.prefix) }

func (w *world) app() string { return w.cf.AddApp(cf.App{GUID: uuid.NewString()}).GUID }

// someApps are few, so that several bindings are of one app.
func (w *world) someApps() (apps []string) {
	for range 3 {
		apps = append(apps, w.app())
	}
	return apps
}

// patience is how long anything may take to come true.
const patience = 3 * time.Minute

// eventually fails unless the condition comes true in time; problem says what
// is missing, "" if nothing is.
func (w *world) eventually(problem func() string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		p := problem()
		if p == "" {
			return
		}
		if time.Now().After(deadline) || w.t.Context().Err() != nil {
			w.t.Fatalf("after %s: %s", patience, p)
		}
	}
}
