package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// naming is two nodes whose agents publish names, and one Service db with a pod on each.
type naming struct {
	*testing.T
	discovery *discovery.Server
	namespace string
	nodes     []string
	agents    []*worker
	health    []string // where the agents tell whether they are ready
}

// life is how long a name lives in this test.
const life = 3 * time.Second

func newNaming(t *testing.T) *naming {
	t.Helper()
	server, err := discovery.Start(discovery.Options{Interval: time.Second, Staleness: life, Pruning: 100 * time.Millisecond, Domains: []string{"cluster.local"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	n := &naming{T: t, discovery: server}
	nodes, err := clients.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	n.must(err)
	ns, err := clients.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "cf-helm-"}}, metav1.CreateOptions{})
	n.must(err)
	n.namespace = ns.Name
	_, err = clients.CoreV1().ServiceAccounts(ns.Name).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "pods"}}, metav1.CreateOptions{})
	n.must(err)
	_, err = clients.CoreV1().Services(ns.Name).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": "db"}, Ports: []corev1.ServicePort{{Port: 5432}}},
	}, metav1.CreateOptions{})
	n.must(err)
	t.Setenv("NATS_PASSWORD", server.Password())
	for i, node := range nodes.Items[:2] {
		n.nodes = append(n.nodes, node.Name)
		n.pod(fmt.Sprintf("db-%d", i), node.Name)
		w := newWorker(t, "")
		n.health = append(n.health, freeAddress(t))
		w.flags = append(w.flags, "--node", node.Name, "--listen", n.health[i], "--nats-servers", strings.Join(server.Servers(), ","), "--nats-user", server.User(),
			"--nats-ca-file", server.CAFile(), "--nats-cert-file", server.CertFile(), "--nats-key-file", server.KeyFile())
		n.agents = append(n.agents, w)
	}
	return n
}

func (n *naming) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return listener.Addr().String()
}

// pod makes a pod of the Service that is on the node.
func (n *naming) pod(name, node string) {
	n.Helper()
	none := int64(0)
	_, err := clients.CoreV1().Pods(n.namespace).Create(n.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "db"}},
		Spec: corev1.PodSpec{
			NodeName: node, Hostname: name, Subdomain: "db", ServiceAccountName: "pods", AutomountServiceAccountToken: new(bool), TerminationGracePeriodSeconds: &none,
			Containers: []corev1.Container{{Name: "c", Image: "a/b:1"}},
		},
	}, metav1.CreateOptions{})
	n.must(err)
}

// lead waits until the Service's name leads to just these pods, and each pod's own
// name to the pod.
func (n *naming) lead(pods ...string) {
	n.Helper()
	service := "db." + n.namespace + ".svc.cluster.local"
	discovery.Await(n, time.Minute, fmt.Sprintf("the names of %v", pods), func() string {
		var want []netip.Addr
		for _, name := range pods {
			pod, err := clients.CoreV1().Pods(n.namespace).Get(n.Context(), name, metav1.GetOptions{})
			if err != nil || pod.Status.PodIP == "" {
				return fmt.Sprintf("%s has no address: %v", name, err)
			}
			address := netip.MustParseAddr(pod.Status.PodIP)
			if own, err := n.discovery.Resolve(n.Context(), name+"."+service); err != nil || !slices.Equal(own, []netip.Addr{address}) {
				return fmt.Sprintf("%s leads to %v, %v; want %s", name, own, err, address)
			}
			want = append(want, address)
		}
		slices.SortFunc(want, netip.Addr.Compare)
		if have, err := n.discovery.Resolve(n.Context(), service); err != nil || !slices.Equal(have, want) {
			return fmt.Sprintf("%s leads to %v, %v; want %v", service, have, err, want)
		}
		return ""
	})
}

// said tells whether controllers have heard anything of the kind.
func (n *naming) said(kind discovery.Kind) bool {
	return slices.ContainsFunc(n.discovery.Heard(), func(m discovery.Message) bool { return m.Kind == kind })
}

// tells waits until an agent's /readyz has these words and status.
func (n *naming) tells(agent, status int, words string) {
	n.Helper()
	discovery.Await(n, time.Minute, words, func() string {
		have, text := n.get(agent, "readyz")
		if have == status && strings.Contains(text, words) {
			return ""
		}
		return fmt.Sprintf("it is %d, %s\n%s", have, text, n.agents[agent].agent.Log())
	})
}

func (n *naming) get(agent int, path string) (status int, text string) {
	answer, err := http.Get("http://" + n.health[agent] + "/" + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	n.must(err)
	return answer.StatusCode, string(body)
}

// TestNames: each agent publishes its own node's pods, and service discovery puts them
// together. What a killed agent has published is pruned, and nothing else.
func TestNames(t *testing.T) {
	n := newNaming(t)
	for _, agent := range n.agents {
		agent.start()
	}
	n.tells(0, http.StatusServiceUnavailable, "let whoever publishes them list and watch services")
	client, err := dynamic.NewForConfig(local.RESTConfig())
	n.must(err)
	n.must(applyFile(client, filepath.Join(manifests, "names", "rbac.yaml")))
	n.lead("db-0", "db-1")
	n.tells(0, http.StatusOK, "ok")
	if _, metrics := n.get(0, "metrics"); !strings.Contains(metrics, "\ncf_helm_broker_names 2\n") {
		t.Errorf("an agent with one pod in one Service publishes not just its two names:\n%s", metrics)
	}
	if n.said(discovery.Unregister) {
		t.Errorf("the agents take back what is there: %v", n.discovery.Heard())
	}

	n.agents[1].kill()
	n.lead("db-0") // the other one's are pruned
	if n.said(discovery.Unregister) {
		t.Errorf("an agent takes back what another has published: %v", n.discovery.Heard())
	}
	n.agents[1].start()
	n.lead("db-0", "db-1")
	n.tells(1, http.StatusOK, "ok")

	n.must(clients.CoreV1().Pods(n.namespace).Delete(t.Context(), "db-1", metav1.DeleteOptions{}))
	n.lead("db-0")
	if !n.said(discovery.Unregister) {
		t.Error("a pod that is gone wasn't taken back, but pruned")
	}
	n.pod("db-1", n.nodes[0]) // it has moved
	n.lead("db-0", "db-1")

	n.discovery.StopNATS(0)
	n.tells(0, http.StatusServiceUnavailable, "names aren't published by NATS")
	if err := n.agents[0].call("STATUS", nil); err != nil {
		t.Errorf("without NATS no pod starts: %v", err)
	}
	n.must(n.discovery.StartNATS(0))
	n.tells(0, http.StatusOK, "ok")
	n.lead("db-0", "db-1")
}
