package e2e

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// byName is a broker that publishes names.
type byName struct {
	*foundation
	discovery *discovery.Server
}

func newByName(t *testing.T, charts string) *byName {
	t.Helper()
	d, err := discovery.Start(discovery.Options{
		Domains: []string{"cluster.local"},
		// What a lone replica can't take back, since it has died, is pruned.
		Interval: time.Second, Staleness: 5 * time.Second, Pruning: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return &byName{discovery: d, foundation: newFoundation(t, charts, d.Settings())}
}

// resolves waits until a name leads to just the Ready pods of its Service.
func (n *byName) resolves(i rig.Instance, name string) {
	n.t.Helper()
	app, _, _ := strings.Cut(name, ".")
	n.eventually(name+" leads to the Ready pods", func() bool {
		have, err := n.discovery.Resolve(n.t.Context(), name)
		want := n.readyAddresses(i, app)
		return err == nil && len(want) > 0 && slices.Equal(have, want)
	})
}

// gone waits until nobody answers for a name any more.
func (n *byName) gone(name string) {
	n.t.Helper()
	n.eventually(name+" is gone", func() bool {
		have, err := n.discovery.Resolve(n.t.Context(), name)
		return err == nil && len(have) == 0
	})
}

// readyPods are those of a Service that are there to stay.
func (n *byName) readyPods(i rig.Instance, app string) []corev1.Pod {
	n.t.Helper()
	pods, err := kube.CoreV1().Pods(n.namespace(i)).List(n.t.Context(), metav1.ListOptions{LabelSelector: "app=" + app})
	n.must(err)
	return slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return !readiness.IsReady(&p) || p.DeletionTimestamp != nil })
}

func (n *byName) readyAddresses(i rig.Instance, app string) (all []netip.Addr) {
	n.t.Helper()
	for _, pod := range n.readyPods(i, app) {
		all = append(all, netip.MustParseAddr(pod.Status.PodIP))
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return all
}

// TestNames: credentials hold names, which lead to the pods that there are, whatever
// becomes of pods, of the broker and of NATS; and to nothing once nobody is bound.
func TestNames(t *testing.T) {
	n := newByName(t, accessCharts)
	i, app, binding := n.create("pair", "both", nil), n.app(), uuid.NewString()
	answer := n.want(201)(n.Bind(t.Context(), i, binding, app))

	var bound struct {
		Credentials struct {
			Hosts     []string `json:"hosts"`
			Endpoints []struct {
				Host string `json:"host"`
				Port int    `json:"port"`
			} `json:"endpoints"`
		} `json:"credentials"`
		Endpoints []record.Endpoint `json:"endpoints"`
	}
	n.must(answer.Decode(&bound))
	web := bound.Credentials.Hosts[0]
	if !strings.HasSuffix(web, "."+n.namespace(i)+".svc.cluster.local") {
		t.Fatalf("the credentials are %s", answer.Body)
	}
	for _, e := range bound.Credentials.Endpoints {
		n.resolves(i, e.Host)
		if !slices.ContainsFunc(bound.Endpoints, func(o record.Endpoint) bool {
			return o.Host == e.Host && slices.Contains(o.Ports, strconv.Itoa(e.Port))
		}) {
			t.Errorf("%s:%d isn't among the endpoints %+v", e.Host, e.Port, bound.Endpoints)
		}
	}
	web = bound.Credentials.Endpoints[0].Host

	service, _, _ := strings.Cut(web, ".")
	before := n.readyPods(i, service)
	n.deletePods(i)
	n.eventually("there is another pod", func() bool { // at the same address, if that is free
		now := n.readyPods(i, service)
		return len(now) > 0 && now[0].UID != before[0].UID
	})
	n.resolves(i, web)
	if again := n.want(200)(n.Bind(t.Context(), i, binding, app)); !json.Valid(again.Body) || !strings.Contains(string(again.Body), web) {
		t.Errorf("asked again: %s", again.Body)
	}
	if metrics := n.metrics(); !strings.Contains(metrics, "cf_helm_broker_bindings_stale 0") {
		t.Error("bindings with names are counted as stale")
	}

	n.tellsOfDomains("ok")
	n.must(n.broker.Kill())
	n.deletePods(i)
	n.cf.AddDomain(cf.Domain{Name: "apps.cluster.local", Internal: true})
	n.start()
	n.resolves(i, web)
	n.tellsOfDomains("Cloud Foundry has the domain apps.cluster.local")

	n.discovery.StopNATS(0)
	other := n.create("pair", "both", nil)
	answer = n.want(201)(n.Bind(t.Context(), other, uuid.NewString(), app)) // without NATS
	n.must(answer.Decode(&bound))
	n.must(n.discovery.StartNATS(0))
	n.resolves(other, bound.Credentials.Endpoints[0].Host)

	n.want(200)(n.Unbind(t.Context(), i, binding))
	n.gone(web)
	n.resolves(other, bound.Credentials.Endpoints[0].Host)
	n.delete(other)
	n.gone(bound.Credentials.Endpoints[0].Host)
}

// tellsOfDomains waits until /readyz says so of Cloud Foundry's domains.
func (n *byName) tellsOfDomains(words string) {
	n.t.Helper()
	n.eventually("/readyz says of the domains: "+words, func() bool {
		var ready struct {
			Dependencies map[string]string `json:"dependencies"`
		}
		n.must(n.want(200)(n.Send(n.t.Context(), http.MethodGet, "/readyz", nil)).Decode(&ready))
		return strings.HasPrefix(ready.Dependencies["cf-domains"], words)
	})
}

func (n *byName) deletePods(i rig.Instance) {
	n.t.Helper()
	n.must(kube.CoreV1().Pods(n.namespace(i)).DeleteCollection(n.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}))
}

// TestNamesByAgents: a broker that leaves publishing to nodes' agents hands out the same
// names, and needs no NATS.
func TestNamesByAgents(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"ADDRESSES": "names", "NAMES_PUBLISHED_BY": "agents"})
	i := f.create("pair", "both", nil)
	answer := f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	var bound struct{ Credentials struct{ Hosts []string } }
	f.must(answer.Decode(&bound))
	if hosts := bound.Credentials.Hosts; len(hosts) == 0 || !strings.HasSuffix(hosts[0], "."+f.namespace(i)+".svc.cluster.local") {
		t.Errorf("the credentials are %s", answer.Body)
	}
	for _, never := range []string{"names-not-served-yet", "nats-"} {
		if log := f.broker.Log(); strings.Contains(log, never) {
			t.Errorf("the broker publishes names itself: %s", rig.WithoutPolls(log))
		}
	}
}
