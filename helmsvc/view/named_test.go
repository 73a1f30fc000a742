package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const inNamespaceI = "cf-i"

func serviceOf(name, clusterIP string, port int32, target intstr.IntOrString) corev1.Service {
	return corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: inNamespaceI},
		Spec: corev1.ServiceSpec{
			ClusterIP: clusterIP, Selector: map[string]string{"app": "db"},
			Ports: []corev1.ServicePort{{Name: "sql", Port: port, TargetPort: target}},
		},
	}
}

// podAt is a Ready pod of a StatefulSet whose governing Service is db-headless.
func podAt(hostname, address string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: hostname, Namespace: inNamespaceI, Labels: map[string]string{"app": "db"}},
		Spec: corev1.PodSpec{Hostname: hostname, Subdomain: "db-headless", Containers: []corev1.Container{{
			Name: "db", Ports: []corev1.ContainerPort{{Name: "sql", ContainerPort: 5432}},
		}}},
		Status: corev1.PodStatus{
			PodIP: address, Phase: corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
}

// TestNamed has names wherever a template may look for an address, and ports that
// lead somewhere from where the app is.
func TestNamed(t *testing.T) {
	const service, first, second = "db.cf-i.svc.cluster.local", "db-0.db-headless.cf-i.svc.cluster.local", "db-1.db-headless.cf-i.svc.cluster.local"
	services := []corev1.Service{
		serviceOf("db", "10.43.0.1", 80, intstr.FromString("sql")),
		serviceOf("db-headless", corev1.ClusterIPNone, 5432, intstr.FromInt32(5432)),
	}
	pods := []corev1.Pod{podAt("db-0", "10.255.1.2"), podAt("db-1", "10.255.1.3")}
	for name, c := range map[string]struct {
		addressing Addressing
		port       int32
	}{
		"over the overlay": {Addressing{Domain: "cluster.local"}, 5432},
		"in the cluster":   {Addressing{Domain: "cluster.local", ServicePorts: true}, 80},
	} {
		v := Of(nil, services, pods).Named(c.addressing)
		if e := v.Endpoints[0]; len(v.Endpoints) > 2 || e.Host != service || e.Port != c.port || !slices.Equal(e.Addresses, []string{"10.255.1.2", "10.255.1.3"}) {
			t.Errorf("%s: endpoints %+v", name, v.Endpoints)
		}
		if !slices.Equal(v.ServedAt, []string{first, second}) || v.Pods[1].Hostname != second || v.Pods[1].IP != "10.255.1.3" {
			t.Errorf("%s: hosts %v, pods %+v", name, v.ServedAt, v.Pods)
		}
		if hosts := v.Hosts(); len(hosts) != 0 {
			t.Errorf("%s: addresses %v are issued that pods may lose", name, hosts)
		}
		s := v.ForTemplate(nil, false).Services[0]
		in := s.Status.LoadBalancer.Ingress[0]
		if s.Spec.ClusterIP != service || s.Spec.ExternalIPs[0] != service || in.IP != service || in.Hostname != service || s.Spec.Ports[0].Port != c.port {
			t.Errorf("%s: a template sees the Service as %+v, %+v", name, s.Spec, s.Status)
		}
		if s.Endpoints[0].Host != service || s.Endpoints[0].Port != c.port || !slices.Equal(s.Hosts, []string{service}) {
			t.Errorf("%s: the Service's endpoints %+v, hosts %v", name, s.Endpoints, s.Hosts)
		}
		if headless := v.ForTemplate(nil, true).Services[1]; headless.Spec.ClusterIP != "db-headless.cf-i.svc.cluster.local" || !slices.Equal(headless.Hosts, []string{first, second}) {
			t.Errorf("%s: the headless Service %s, hosts %v", name, headless.Spec.ClusterIP, headless.Hosts)
		}
	}
}

// TestNamedHeadless: a headless Service's name leads straight to the pods, so the port
// is theirs, also for apps in the cluster.
func TestNamedHeadless(t *testing.T) {
	services := []corev1.Service{serviceOf("db-headless", corev1.ClusterIPNone, 80, intstr.FromString("sql"))}
	v := Of(nil, services, []corev1.Pod{podAt("db-0", "10.255.1.2")}).Named(Addressing{Domain: "cluster.local", ServicePorts: true})
	s := v.ForTemplate(nil, false).Services[0]
	for what, port := range map[string]int32{"endpoint": v.Endpoints[0].Port, "Service's port": s.Spec.Ports[0].Port, "Service's endpoint": s.Endpoints[0].Port} {
		if port != 5432 {
			t.Errorf("the %s is %d", what, port)
		}
	}
}

// TestNamedWithout: a pod that no Service leads to keeps its address, and a Service
// without a Ready pod what it has; a view without names says nothing of any.
func TestNamedWithout(t *testing.T) {
	lone := podAt("lone", "10.255.1.9")
	lone.Labels, lone.Spec.Hostname, lone.Spec.Subdomain = nil, "", ""
	services := []corev1.Service{serviceOf("db", "10.43.0.1", 80, intstr.FromInt32(5432))}
	v := Of(nil, services, []corev1.Pod{lone}).Named(Addressing{Domain: "cluster.local"})
	if !slices.Equal(v.ServedAt, []string{"10.255.1.9"}) || !slices.Equal(v.Hosts(), []string{"10.255.1.9"}) {
		t.Errorf("hosts %v, of which %v may be lost", v.ServedAt, v.Hosts())
	}
	if s := v.ForTemplate(nil, true).Services[0]; s.Spec.ClusterIP != "10.43.0.1" || len(s.Hosts) != 0 {
		t.Errorf("a Service without a pod: %s, %v", s.Spec.ClusterIP, s.Hosts)
	}
	plain, err := json.Marshal(Of(nil, services, []corev1.Pod{podAt("db-0", "10.255.1.2")}))
	if err != nil || bytes.Contains(plain, []byte(`.svc`)) || !bytes.Contains(plain, []byte(`"host":"10.255.1.2"`)) {
		t.Errorf("%v: a view of addresses names something: %s", err, plain)
	}
}

// TestReach: every name that credentials may hold is told of, each with the ports
// that it leads to.
func TestReach(t *testing.T) {
	services := []corev1.Service{
		serviceOf("db", "10.43.0.1", 80, intstr.FromString("sql")),
		serviceOf("db-headless", corev1.ClusterIPNone, 5432, intstr.FromInt32(5432)),
	}
	v := Of(nil, services, []corev1.Pod{podAt("db-0", "10.255.1.2")})
	v.Destinations = []SharedService{{Name: "dns", Endpoints: []Endpoint{{Host: "10.255.0.9", Port: 53, Protocol: "udp"}}}}
	for name, c := range map[string]struct {
		view View
		want []string
	}{
		"addresses":        {v, []string{"10.255.0.9:53/udp", "10.255.1.2:5432/tcp"}},
		"over the overlay": {v.Named(Addressing{Domain: "d"}), []string{"10.255.0.9:53/udp", "db-0.db-headless.cf-i.svc.d:5432/tcp", "db-headless.cf-i.svc.d:5432/tcp", "db.cf-i.svc.d:5432/tcp"}},
		"in the cluster":   {v.Named(Addressing{Domain: "d", ServicePorts: true}), []string{"10.255.0.9:53/udp", "db-0.db-headless.cf-i.svc.d:5432/tcp", "db-headless.cf-i.svc.d:5432/tcp", "db.cf-i.svc.d:80/tcp"}},
	} {
		var got []string
		for _, e := range c.view.Reach() {
			got = append(got, fmt.Sprintf("%s:%d/%s", e.Host, e.Port, e.Protocol))
		}
		if got = distinct(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
