package e2e

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// foundation is what one test works with: a Cloud Foundry, a broker process
// with records of its own, and a client.
type foundation struct {
	*rig.Client
	t        *testing.T
	cf       *cf.Server
	broker   *rig.Broker
	account  *rig.Made // whom the broker is to the API server
	binary   string
	memory   *rig.Memory // nil: as much as there is
	settings map[string]string
	catalog  rig.Catalog
}

const sampleCharts = "../../charts"

// newFoundation starts a broker with the charts of the folder, as the account
// of deploy/kubernetes. settings are laid over those that every test uses;
// granted is what an operator adds to the manifests.
func newFoundation(t *testing.T, charts string, settings map[string]string, granted ...rig.Granted) *foundation {
	t.Helper()
	t.Parallel()
	return newFoundationOn(t, shared, charts, settings, granted...)
}

// newFoundationOn is newFoundation on a cluster that may be the test's own. Whoever
// doesn't call t.Parallel has the machine to himself: what is to be done within a time that
// can't be longer.
func newFoundationOn(t *testing.T, c *cluster.Cluster, charts string, settings map[string]string, granted ...rig.Granted) *foundation {
	t.Helper()
	stand, err := cf.Start(cf.Options{Client: clientFor(settings)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stand.Close)
	folder, err := filepath.Abs(charts)
	if err != nil {
		t.Fatal(err)
	}
	prefix := "t" + uuid.NewString()[:6]
	account := rig.Account{Namespace: prefix + "-records", Prefix: prefix}
	for _, more := range granted {
		account.Granted.Kinds = append(account.Granted.Kinds, more.Kinds...)
		account.Granted.Rules = append(account.Granted.Rules, more.Rules...)
	}
	f := &foundation{t: t, cf: stand, binary: binary, settings: map[string]string{
		"HELM_CHART_DIR":    folder,
		"BROKER_NAMESPACE":  account.Namespace,
		"NAMESPACE_PREFIX":  account.Prefix,
		"CF_API_ADDRESS":    stand.URL(),
		"CF_CLIENT_ID":      stand.Client().ID,
		"CF_CLIENT_SECRET":  stand.Client().Secret,
		"OPERATION_TIMEOUT": patience.String(),
		// Most tests follow operations by polling.
		"SYNC_WAIT": "0s", "DELETE_WAIT": "0s",
		// Most tests count what bindings open.
		"POLICY_WITHIN_INSTANCE": "false",
		// A killed broker's work is to be taken over soon.
		"LEASE_DURATION": "3s", "LEASE_RENEW": "2s", "LEASE_RETRY": "200ms",
	}}
	f.account = f.makeAccount(c, account)
	f.settings["KUBECONFIG"] = filepath.Join(t.TempDir(), "broker.kubeconfig")
	f.must(f.account.Kubeconfig(f.settings["KUBECONFIG"]))
	maps.Copy(f.settings, settings)
	f.start()
	f.must(f.account.AwaitConfined(t.Context()))
	f.catalog, err = f.Catalog(t.Context())
	f.must(err)
	return f
}

func (f *foundation) makeAccount(c *cluster.Cluster, account rig.Account) *rig.Made {
	f.t.Helper()
	made, err := account.Make(f.t.Context(), c.RESTConfig())
	f.must(err)
	f.t.Cleanup(func() { _ = made.Remove(context.Background()) })
	return made
}

// clientFor is the broker's UAA client: one that may make apps, register brokers or see domains, only
// where the broker has to.
func clientFor(settings map[string]string) cf.Client {
	client := cf.Client{ID: "cf-helm-broker", Secret: uuid.NewString(), Authorities: []string{"network.admin"}}
	if settings["POLICY_DESTINATION"] == "app" || settings["ENFORCE"] != "" || settings["CF_BROKER_REGISTER"] != "" {
		client.Authorities = append(client.Authorities, "cloud_controller.admin")
	}
	if settings["ADDRESSES"] == "names" {
		client.Authorities = append(client.Authorities, "cloud_controller.global_auditor")
	}
	return client
}

// start starts the broker, or starts it again after it has ended.
func (f *foundation) start() {
	f.t.Helper()
	broker, err := rig.StartWithin(f.t.Context(), f.memory, f.binary, f.settings, nil)
	f.must(err)
	f.broker, f.Client = broker, broker.Client()
	broker.StopAfter(f.t)
}

func (f *foundation) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// want fails the test unless the request was answered with the status.
func (f *foundation) want(status int) func(rig.Answer, error) rig.Answer {
	return rig.Want(f.t, status)
}

func (f *foundation) instance(service, plan string) rig.Instance {
	f.t.Helper()
	s, p, err := f.catalog.Find(service, plan)
	f.must(err)
	return rig.Instance{ID: uuid.NewString(), Service: s, Plan: p}
}

// create provisions an instance and waits until it is ready.
func (f *foundation) create(service, plan string, parameters any) rig.Instance {
	f.t.Helper()
	i := f.instance(service, plan)
	f.ready(i, f.want(202)(f.Provision(f.t.Context(), i, parameters)).Operation())
	return i
}

// ready waits until the operation has succeeded.
func (f *foundation) ready(i rig.Instance, operation string) {
	f.t.Helper()
	if o := f.ended(i, operation); o.State != "succeeded" {
		f.t.Fatalf("the operation ended as %q: %s", o.State, o.Description)
	}
}

func (f *foundation) ended(i rig.Instance, operation string) rig.Operation {
	f.t.Helper()
	o, err := f.Await(f.t.Context(), i, operation, nil)
	f.must(err)
	return o
}

// delete deprovisions the instance and fails unless nothing is left of it.
func (f *foundation) delete(i rig.Instance) {
	f.t.Helper()
	operation := f.want(202)(f.Deprovision(f.t.Context(), i)).Operation()
	if o := f.ended(i, operation); o.State != "gone" {
		f.t.Fatalf("the delete ended as %q: %s", o.State, o.Description)
	}
	f.nothingLeft(i)
}

// nothingLeft fails unless the instance has left neither a namespace, nor
// records, nor volumes, nor policies.
func (f *foundation) nothingLeft(i rig.Instance) {
	f.t.Helper()
	namespaces, err := kube.CoreV1().Namespaces().List(f.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + f.namespace(i)})
	f.must(err)
	if len(namespaces.Items) != 0 {
		f.t.Errorf("namespace %s is left", f.namespace(i))
	}
	records, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	for _, record := range records.Items {
		if strings.Contains(record.Name, i.ID) && !strings.HasPrefix(record.Name, "binding.") {
			f.t.Errorf("record %s is left", record.Name)
		}
	}
	f.noTombstones(i)
	for _, p := range f.cf.Policies() {
		if p.Destination.ID == i.ID {
			f.t.Errorf("policy %+v is left", p)
		}
	}
}

// noTombstones waits for what revoked bindings leave until it is certain that
// nobody is posting their policies any more.
func (f *foundation) noTombstones(i rig.Instance) {
	f.t.Helper()
	f.eventually("no binding's record is left", func() bool {
		bindings, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(f.t.Context(), metav1.ListOptions{
			LabelSelector: "cf-helm-broker.io/record=binding,cf-helm-broker.io/instance-id=" + i.ID,
		})
		f.must(err)
		return len(bindings.Items) == 0
	})
}

func (f *foundation) namespace(i rig.Instance) string {
	return i.Namespace(f.settings["NAMESPACE_PREFIX"])
}

func (f *foundation) pods(i rig.Instance) []corev1.Pod {
	f.t.Helper()
	pods, err := kube.CoreV1().Pods(f.namespace(i)).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	return pods.Items
}

// app adds a live app to the foundation.
func (f *foundation) app() string {
	return f.cf.AddApp(cf.App{GUID: uuid.NewString()}).GUID
}

// wantPolicies fails unless exactly these policies exist, given as
// source, destination, protocol and port.
func (f *foundation) wantPolicies(want ...cf.Policy) {
	f.t.Helper()
	have := f.cf.Policies()
	slices.SortFunc(want, func(a, b cf.Policy) int { return strings.Compare(describe(a), describe(b)) })
	slices.SortFunc(have, func(a, b cf.Policy) int { return strings.Compare(describe(a), describe(b)) })
	if !slices.Equal(have, want) {
		f.t.Fatalf("policies\n%s\nwant\n%s", describeAll(have), describeAll(want))
	}
}

func describeAll(policies []cf.Policy) string {
	var all []string
	for _, p := range policies {
		all = append(all, describe(p))
	}
	return strings.Join(all, "\n")
}

// patience is how long anything may take to come true: that it takes longer tells a broken
// broker from a slow machine. Operations that are to fail by their time have a limit of
// their own meanwhile (timeLimit).
const patience = 5 * time.Minute

// timeLimit restarts the broker with another time limit of operations.
func (f *foundation) timeLimit(limit time.Duration) {
	f.t.Helper()
	f.restart(map[string]string{"OPERATION_TIMEOUT": limit.String()})
}

// eventually fails unless the condition comes true in time. It is for what no
// API lets a test wait for.
func (f *foundation) eventually(what string, condition func() bool) {
	f.t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s didn't come true within %s", what, patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
