package silk_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

// clusterIP is a Service's, of the addresses that kube-apiserver gives out by default.
var clusterIP = netip.MustParseAddr("10.96.0.80")

// kubeProxyFor are the rules of kube-proxy in iptables mode, masqueradeBit 30 and the
// overlay as cluster CIDR, for a Service with one endpoint.
func kubeProxyFor(endpoint netip.Addr) string {
	return strings.NewReplacer("MARK_BIT", "0x40000000", "OVERLAY", silk.Network.String(), "SERVICE", clusterIP.String(), "POD", endpoint.String()).Replace(`*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-WEB - [0:0]
:KUBE-SEP-WEB - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
-A POSTROUTING -j KUBE-POSTROUTING
-A KUBE-SERVICES -d SERVICE/32 -p tcp -m tcp --dport 8080 -j KUBE-SVC-WEB
-A KUBE-SVC-WEB ! -s OVERLAY -d SERVICE/32 -p tcp -m tcp --dport 8080 -j KUBE-MARK-MASQ
-A KUBE-SVC-WEB -j KUBE-SEP-WEB
-A KUBE-SEP-WEB -s POD/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-WEB -p tcp -m tcp -j DNAT --to-destination POD:8080
-A KUBE-MARK-MASQ -j MARK --or-mark MARK_BIT
-A KUBE-POSTROUTING -m mark ! --mark MARK_BIT/MARK_BIT -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark MARK_BIT
-A KUBE-POSTROUTING -j MASQUERADE
COMMIT
`) + kubeProxy("0x40000000")
}

// A ClusterIP leads a pod where policies lead: they are about the pod that its worker has
// chosen. Apps aren't tried: a cell has no such rules, and denies a ClusterIP by its
// egress rules, which nothing stands in for here.
func TestClusterIPsLeadWherePoliciesDo(t *testing.T) {
	f := own(t, silk.Options{Nodes: []string{"worker", "worker2"}, PollInterval: manual})
	pod := f.run("worker")
	near, far, stranger, farStranger := f.run("worker", pod.group), f.run("worker2", pod.group), f.run("worker"), f.run("worker2")
	for _, node := range []string{"worker", "worker2"} {
		f.must(f.overlay.Node(node).AddRules(kubeProxyFor(pod.Address)))
	}
	service := workload{Workload: &silk.Workload{ID: pod.ID, Address: clusterIP}}
	f.denied(near, service)
	f.denied(far, service)
	f.allow(pod, pod)
	f.poll("worker", "worker2")
	f.allowed(near, service)
	f.allowed(far, service)
	f.allowed(pod, service)
	f.denied(stranger, service)
	f.denied(farStranger, service)
}
