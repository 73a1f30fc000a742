package watch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/names/watch"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// world is two instances, each a StatefulSet db and a Deployment web; the first
// has a Deployment anchor too, which nothing happens to.
type world struct {
	*testing.T
	random    *rand.Rand
	instances []place
	bound     []bool
	lost      bool // lostNode is away
	revision  int  // of the last update
	discovery *discovery.Server
	census    *census

	leader, follower *replica
}

// replica is one of the broker's: it knows all names, and publishes them if it leads.
type replica struct {
	publisher *publish.Publisher
	watcher   *watch.Watcher
	end       context.CancelFunc // of the watcher
}

// lostNode is the one that is lost at times; the anchor is on the other one.
var lostNode = cluster.NodeName(1)

// revisionAnnotation is on the pods of a workload that was updated.
const revisionAnnotation = "test/revision"

// life is how long a name lives in this world, where a second stands for a minute
// or less: NATS servers take a second or two to find each other.
const life = 6 * time.Second

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	server, err := discovery.Start(discovery.Options{
		Servers: 2, Interval: time.Second, Staleness: life, Pruning: 100 * time.Millisecond, Warm: 3 * time.Second, Domains: []string{domain}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{T: t, random: random, discovery: server, bound: []bool{true, true}}
	for range 2 {
		p := newPlace(t, "mine-")
		p.service("db", "db", headless)
		p.service("web", "web", nil)
		p.statefulSet("db", 2)
		p.deployment("web", 2, good)
		w.instances = append(w.instances, p)
	}
	w.instances[0].service("anchor", "anchor", nil)
	anchored := podsOf("anchor", good)
	anchored.Spec.NodeSelector = map[string]string{corev1.LabelHostname: cluster.NodeName(0)}
	w.instances[0].deploymentOf("anchor", 1, anchored)
	w.census = takeCensus(t)
	w.leader, w.follower = w.startReplica(), w.startReplica()
	t.Cleanup(func() {
		w.leader.die()
		w.follower.die()
	})
	w.leader.publisher.Lead()
	return w
}

func (w *world) startReplica() *replica {
	settings := publish.Settings{Servers: w.discovery.Servers(), User: w.discovery.User(), Password: w.discovery.Password(),
		CAFile: w.discovery.CAFile(), CertFile: w.discovery.CertFile(), KeyFile: w.discovery.KeyFile()}
	p := publish.Start(settings, func(name string) bool { return strings.Contains(name, ".mine-") }, publish.NewMetrics(prometheus.NewRegistry()), lager.NewLogger("test"))
	ctx, end := context.WithCancel(context.Background())
	watcher, err := watch.Start(ctx, clients, domain, mine, func(namespace string, records []names.Record, _ []error) { p.Set(namespace, records) })
	if err != nil {
		w.Fatal(err)
	}
	for i, instance := range w.instances {
		if w.bound[i] {
			watcher.Add(instance.namespace)
		}
	}
	return &replica{p, watcher, end}
}

func (r *replica) die() {
	r.end()
	r.publisher.Close()
}

// failOver has the leader die, does what happens meanwhile, and has the other lead.
func (w *world) failOver(meanwhile func()) {
	w.leader.die()
	meanwhile()
	w.leader, w.follower = w.follower, w.startReplica()
	w.leader.publisher.Lead()
}

// handOver has the leader lose the lead without dying.
func (w *world) handOver(meanwhile func()) {
	w.leader.publisher.Follow()
	meanwhile()
	w.leader, w.follower = w.follower, w.leader
	w.leader.publisher.Lead()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// becomesRight waits until the cluster has done what it was asked, and every name
// leads to just what it should. It returns how long names took after the cluster.
func (w *world) becomesRight(after string) time.Duration {
	w.Helper()
	discovery.Await(w.T, time.Minute, "the cluster after "+after, w.clusterIsDone)
	done := time.Now()
	discovery.Await(w.T, time.Minute, "names after "+after, func() string {
		for i, p := range w.instances {
			want := map[string][]string{}
			if w.bound[i] {
				want = p.expected("db", "web", "anchor")
			}
			got, err := w.resolveAll(p)
			if err != nil {
				return err.Error()
			}
			if !reflect.DeepEqual(got, want) {
				return fmt.Sprintf("instance %d has %v, want %v", i+1, got, want)
			}
		}
		return ""
	})
	return time.Since(done).Round(time.Millisecond)
}

// clusterIsDone is when all pods that ought to be there are Ready, but for those on a
// node that is lost, no others are, and EndpointSlices say so, for which Kubernetes may
// take seconds.
func (w *world) clusterIsDone() string {
	for i, p := range w.instances {
		pods, err := clients.CoreV1().Pods(p.namespace).List(w.Context(), metav1.ListOptions{})
		w.must(err)
		replicas, revisions := w.wanted(p)
		want := 0
		for _, n := range replicas {
			want += n
		}
		away, old := 0, 0
		for _, pod := range pods.Items {
			if w.lost && pod.Spec.NodeName == lostNode {
				away++
			}
			if pod.Annotations[revisionAnnotation] != revisions[pod.Labels["app"]] {
				old++
			}
		}
		ready := len(p.pods("db")) + len(p.pods("web")) + len(p.pods("anchor"))
		if len(pods.Items) != want || ready != want-away || old > 0 {
			return fmt.Sprintf("instance %d has %d pods, %d of them ready, %d on a node that is away, %d from before an update, want %d", i+1, len(pods.Items), ready, away, old, want)
		}
		for _, service := range []string{"db", "web", "anchor"} {
			if have, want := p.endpoints(service), p.expected(service)[service+"."+p.namespace+".svc."+domain]; !slices.Equal(have, want) {
				return fmt.Sprintf("the EndpointSlices of %s of instance %d have %v, want %v", service, i+1, have, want)
			}
		}
	}
	return ""
}

// wanted is how many pods each workload ought to have, and of which revision.
func (w *world) wanted(p place) (replicas map[string]int, revisions map[string]string) {
	replicas, revisions = map[string]int{}, map[string]string{}
	sets, err := clients.AppsV1().StatefulSets(p.namespace).List(w.Context(), metav1.ListOptions{})
	w.must(err)
	deployments, err := clients.AppsV1().Deployments(p.namespace).List(w.Context(), metav1.ListOptions{})
	w.must(err)
	for _, s := range sets.Items {
		replicas[s.Name], revisions[s.Name] = int(*s.Spec.Replicas), s.Spec.Template.Annotations[revisionAnnotation]
	}
	for _, d := range deployments.Items {
		replicas[d.Name], revisions[d.Name] = int(*d.Spec.Replicas), d.Spec.Template.Annotations[revisionAnnotation]
	}
	return replicas, revisions
}

// resolveAll resolves all names that an instance might have.
func (w *world) resolveAll(p place) (map[string][]string, error) {
	all := map[string][]string{}
	for _, name := range namesOf(p) {
		addresses, err := w.discovery.Resolve(w.Context(), name)
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			all[name] = append(all[name], a.String())
		}
		slices.Sort(all[name])
		if len(all[name]) == 0 {
			delete(all, name)
		}
	}
	return all, nil
}

func namesOf(p place) []string {
	below := "." + p.namespace + ".svc." + domain
	all := []string{"anchor" + below, "db" + below, "web" + below}
	for i := range 5 {
		all = append(all, fmt.Sprintf("db-%d.db", i)+below)
	}
	return all
}
