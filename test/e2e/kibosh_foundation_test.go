package e2e

import (
	"net/netip"
	"strings"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// wantKiboshIDs fails unless the catalog has the ids that Kibosh gave.
func (f *foundation) wantKiboshIDs(i rig.Instance) {
	f.t.Helper()
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(i.Service.Name)).String()
	if i.Service.ID != id || i.Plan.ID != id+"-"+i.Plan.Name {
		f.t.Errorf("the ids are %s and %s, Kibosh's are %s and %s-%s", i.Service.ID, i.Plan.ID, id, id, i.Plan.Name)
	}
}

// wantOverlayPod fails unless the host is the address of the instance's pod
// with such a name, and returns the release's name.
func (f *foundation) wantOverlayPod(i rig.Instance, host, name string) (release string) {
	f.t.Helper()
	ip, err := netip.ParseAddr(host)
	if err != nil || !netip.MustParsePrefix("10.255.0.0/16").Contains(ip) {
		f.t.Fatalf("the host %q isn't on the overlay", host)
	}
	for _, pod := range f.pods(i) {
		if pod.Status.PodIP != host {
			continue
		}
		if !strings.Contains(pod.Name, name) {
			f.t.Errorf("the host is pod %s's, want one with %s in its name", pod.Name, name)
		}
		return pod.Name[:len("k-xxxxxxxx")]
	}
	f.t.Fatalf("the host %s is no pod's of the instance", host)
	return ""
}

// readyBalanced waits until the operation has succeeded, and plays the cloud
// meanwhile: load balancers get their address once they are waited for.
func (f *foundation) readyBalanced(i rig.Instance, operation string, address corev1.LoadBalancerIngress) {
	f.t.Helper()
	balanced := address.IP+address.Hostname == "" // there are none
	o, err := f.Await(f.t.Context(), i, operation, func(o rig.Operation) {
		if strings.Contains(o.Description, "load balancer") {
			f.balance(f.namespace(i), address)
			balanced = true
		}
	})
	f.must(err)
	if o.State != "succeeded" || !balanced {
		f.t.Fatalf("the operation ended as %+v; were load balancers waited for: %v", o, balanced)
	}
}

func (f *foundation) balance(namespace string, address corev1.LoadBalancerIngress) {
	f.t.Helper()
	services, err := kube.CoreV1().Services(namespace).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	for _, s := range services.Items {
		if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
			continue
		}
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{address}
		_, err := kube.CoreV1().Services(namespace).UpdateStatus(f.t.Context(), &s, metav1.UpdateOptions{})
		f.must(err)
	}
}
