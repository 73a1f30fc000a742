package watch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/names/watch"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// TestProperty does to two instances whatever happens to pods, to NATS, to the
// controller and to the replica that leads, at random. After each step what every name
// resolves to becomes just its ready pods. Meanwhile a client resolves without
// pause: no name ever leads to an address that no pod of its instance has had, and
// one whose pod nothing happens to always leads to it.
//
// NAMES_SEED repeats a run, and NAMES_STEPS has it take another number of steps.
func TestProperty(t *testing.T) {
	seed, steps := number("NAMES_SEED", time.Now().UnixNano()), number("NAMES_STEPS", 40)
	t.Logf("NAMES_SEED=%d NAMES_STEPS=%d", seed, steps)
	w := newWorld(t, rand.New(rand.NewPCG(uint64(seed), 0)))
	w.becomesRight("the beginning")
	client := w.startClient()
	var took []time.Duration
	for i := range steps {
		what, do := w.choose()
		t.Logf("step %d, %s: %s", i+1, time.Now().Format("15:04:05.000"), what)
		do()
		took = append(took, w.becomesRight(what))
		if last := took[len(took)-1]; last > time.Second {
			t.Logf("names took %s", last)
		}
	}
	client.stop(t, w)
	slices.Sort(took)
	t.Logf("right after a step: median %s, longest %s; the client resolved %d times", took[len(took)/2], took[len(took)-1], client.resolved)
}

func number(variable string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(variable), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// world is two instances, each a StatefulSet db and a Deployment web; the first
// has a Deployment anchor too, which nothing happens to.
type world struct {
	*testing.T
	random    *rand.Rand
	instances []place
	bound     []bool
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

// life is how long a name lives in this world, where a second stands for a minute
// or less: NATS servers take a second or two to find each other.
const life = 6 * time.Second

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	server, err := discovery.Start(discovery.Options{
		Servers: 2, Interval: time.Second, Staleness: life, Pruning: 100 * time.Millisecond, Warm: time.Second, Domains: []string{domain}})
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
	w.instances[0].deployment("anchor", 1, good)
	w.census = takeCensus(t)
	w.leader, w.follower = w.startReplica(), w.startReplica()
	t.Cleanup(func() {
		w.leader.die()
		w.follower.die()
	})
	w.must(w.leader.watcher.Await(t.Context()))
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
	w.must(w.leader.watcher.Await(w.Context()))
	w.leader.publisher.Lead()
}

// handOver has the leader lose the lead without dying.
func (w *world) handOver(meanwhile func()) {
	w.leader.publisher.Follow()
	meanwhile()
	w.leader, w.follower = w.follower, w.leader
	w.leader.publisher.Lead()
}

// choose is a step: what it is, and what it does.
func (w *world) choose() (string, func()) {
	pods := w.changePods
	switch n := w.random.IntN(20); {
	case n < 12:
		return pods()
	case n < 14:
		what, do := pods()
		server := w.random.IntN(2)
		return fmt.Sprintf("NATS server %d restarts, and meanwhile: %s", server, what), func() {
			w.discovery.StopNATS(server)
			do()
			w.must(w.discovery.StartNATS(server))
		}
	case n < 15:
		what, do := pods()
		return "all of NATS restarts, and meanwhile: " + what, func() {
			w.discovery.StopNATS(0)
			w.discovery.StopNATS(1)
			do()
			w.must(w.discovery.StartNATS(0))
			w.must(w.discovery.StartNATS(1))
		}
	case n < 16:
		return "the controller restarts", func() {
			w.discovery.StopController()
			w.must(w.discovery.StartController())
		}
	case n < 17:
		return "the lead is handed over", func() { w.handOver(func() {}) }
	case n < 18:
		what, do := pods()
		return "the lead is handed over, and meanwhile: " + what, func() { w.handOver(do) }
	case n < 19:
		what, do := pods()
		return "the leader dies, another leads, and meanwhile: " + what, func() { w.failOver(do) }
	default:
		return "the second instance is bound or unbound", func() {
			w.bound[1] = !w.bound[1]
			for _, r := range []*replica{w.leader, w.follower} {
				if w.bound[1] {
					r.watcher.Add(w.instances[1].namespace)
				} else {
					r.watcher.Remove(w.instances[1].namespace)
				}
			}
		}
	}
}

// changePods is what happens to pods.
func (w *world) changePods() (string, func()) {
	i := w.random.IntN(2)
	p := w.instances[i]
	workload := []string{"db", "web"}[w.random.IntN(2)]
	what := fmt.Sprintf("%s of instance %d", workload, i+1)
	which := w.random.IntN(1000)
	switch w.random.IntN(3) {
	case 0:
		replicas := int32(w.random.IntN(5))
		return fmt.Sprintf("%s is scaled to %d", what, replicas), func() { w.scale(p, workload, replicas) }
	case 1:
		return "a pod is restarted with another address: " + what, func() {
			if pods := p.pods(workload); len(pods) > 0 {
				_, err := local.RestartPod(w.Context(), p.namespace, pods[which%len(pods)].Name)
				w.must(err)
			}
		}
	default:
		return "a pod is deleted: " + what, func() {
			if pods := p.pods(workload); len(pods) > 0 {
				w.must(clients.CoreV1().Pods(p.namespace).Delete(w.Context(), pods[which%len(pods)].Name, metav1.DeleteOptions{}))
			}
		}
	}
}

func (w *world) scale(p place, workload string, replicas int32) {
	scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: workload, Namespace: p.namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	var err error
	if workload == "db" {
		_, err = clients.AppsV1().StatefulSets(p.namespace).UpdateScale(w.Context(), workload, scale, metav1.UpdateOptions{})
	} else {
		_, err = clients.AppsV1().Deployments(p.namespace).UpdateScale(w.Context(), workload, scale, metav1.UpdateOptions{})
	}
	w.must(err)
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
	await(w.T, "the cluster after "+after, w.clusterIsDone)
	done := time.Now()
	await(w.T, "names after "+after, func() string {
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

// clusterIsDone is when all pods that ought to be there are Ready, no others are,
// and EndpointSlices say so, for which Kubernetes may take seconds.
func (w *world) clusterIsDone() string {
	for i, p := range w.instances {
		pods, err := clients.CoreV1().Pods(p.namespace).List(w.Context(), metav1.ListOptions{})
		w.must(err)
		sets, err := clients.AppsV1().StatefulSets(p.namespace).List(w.Context(), metav1.ListOptions{})
		w.must(err)
		deployments, err := clients.AppsV1().Deployments(p.namespace).List(w.Context(), metav1.ListOptions{})
		w.must(err)
		want := 0
		for _, s := range sets.Items {
			want += replicasOf(s)
		}
		for _, d := range deployments.Items {
			want += int(*d.Spec.Replicas)
		}
		ready := len(p.pods("db")) + len(p.pods("web")) + len(p.pods("anchor"))
		if len(pods.Items) != want || ready != want {
			return fmt.Sprintf("instance %d has %d pods, %d of them ready, want %d", i+1, len(pods.Items), ready, want)
		}
		for _, service := range []string{"db", "web", "anchor"} {
			if have, want := p.endpoints(service), p.expected(service)[service+"."+p.namespace+".svc."+domain]; !slices.Equal(have, want) {
				return fmt.Sprintf("the EndpointSlices of %s of instance %d have %v, want %v", service, i+1, have, want)
			}
		}
	}
	return ""
}

func replicasOf(s appsv1.StatefulSet) int { return int(*s.Spec.Replicas) }

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

// census is which addresses the pods of each namespace have ever had.
type census struct {
	mutex sync.Mutex
	ever  map[string]map[string]bool
}

func takeCensus(t *testing.T) *census {
	t.Helper()
	c := &census{ever: map[string]map[string]bool{}}
	informer := coreinformers.NewPodInformer(clients, metav1.NamespaceAll, 0, cache.Indexers{})
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: c.count, UpdateFunc: func(_, now any) { c.count(now) }})
	if err != nil {
		t.Fatal(err)
	}
	go informer.RunWithContext(t.Context())
	return c
}

func (c *census) count(object any) {
	pod, ok := object.(*corev1.Pod)
	if !ok || pod.Status.PodIP == "" {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.ever[pod.Namespace] == nil {
		c.ever[pod.Namespace] = map[string]bool{}
	}
	c.ever[pod.Namespace][pod.Status.PodIP] = true
}

func (c *census) has(namespace, address string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.ever[namespace][address]
}

// client resolves without pause.
type client struct {
	cancel   context.CancelFunc
	ended    chan struct{}
	resolved int
	seen     map[string]map[string]bool // namespace → addresses
	lost     []string                   // when the anchor wasn't there
}

func (w *world) startClient() *client {
	ctx, cancel := context.WithCancel(w.Context())
	c := &client{cancel: cancel, ended: make(chan struct{}), seen: map[string]map[string]bool{}}
	anchor := w.instances[0].pods("anchor")[0].Status.PodIP
	go func() {
		defer close(c.ended)
		for ctx.Err() == nil {
			c.resolve(ctx, w, anchor)
		}
	}()
	return c
}

func (c *client) resolve(ctx context.Context, w *world, anchor string) {
	for i, p := range w.instances {
		if c.seen[p.namespace] == nil {
			c.seen[p.namespace] = map[string]bool{}
		}
		for _, name := range namesOf(p) {
			addresses, err := w.discovery.Resolve(ctx, name)
			if err != nil {
				continue // the controller has only just started
			}
			c.resolved++
			for _, a := range addresses {
				c.seen[p.namespace][a.String()] = true
			}
			if i == 0 && strings.HasPrefix(name, "anchor") && (len(addresses) != 1 || addresses[0].String() != anchor) {
				c.lost = append(c.lost, fmt.Sprintf("%v at %s", addresses, time.Now().Format("15:04:05.000")))
			}
		}
	}
}

func (c *client) stop(t *testing.T, w *world) {
	t.Helper()
	c.cancel()
	<-c.ended
	for namespace, addresses := range c.seen {
		for address := range addresses {
			if !w.census.has(namespace, address) {
				t.Errorf("a name of %s led to %s, which no pod of it has ever had", namespace, address)
			}
		}
	}
	if len(c.lost) > 0 {
		t.Errorf("the anchor's name didn't lead to it %d times: %v", len(c.lost), c.lost[:min(len(c.lost), 5)])
	}
}
