package view

import (
	"encoding/json"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestAllAddresses hands out every Ready pod of a Service, and keeps the one
// address where templates that know only one look for it.
func TestAllAddresses(t *testing.T) {
	at := func(name, address string, edit func(*corev1.Pod)) corev1.Pod {
		p := withAddresses(name, address)
		if edit != nil {
			edit(&p)
		}
		return p
	}
	three := []corev1.Pod{at("a", "10.255.0.9", nil), at("b", "10.255.0.7", nil), at("c", "10.255.0.8", nil)}
	all := []string{"10.255.0.9", "10.255.0.7", "10.255.0.8"}
	web := corev1.ServicePort{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}
	primary := service("primary", web)
	primary.Spec.Selector = map[string]string{"role": "primary"}
	without := service("without", web)
	without.Spec.Selector = nil
	end := func(name string, port int32, addresses ...string) ServiceEndpoint {
		return ServiceEndpoint{Name: name, Port: port, Protocol: "tcp", Host: addresses[0], Addresses: addresses}
	}
	for name, c := range map[string]struct {
		service corev1.Service
		pods    []corev1.Pod
		want    []ServiceEndpoint
		hosts   []string
	}{
		"replicated": {service("s", web), three, []ServiceEndpoint{end("http", 8080, all...)}, all},
		"single":     {service("s", web), three[:1], []ServiceEndpoint{end("http", 8080, "10.255.0.9")}, []string{"10.255.0.9"}},
		"two ports": {service("s", web, corev1.ServicePort{Name: "admin", Port: 81}), three[:2],
			[]ServiceEndpoint{end("http", 8080, all[:2]...), end("admin", 81, all[:2]...)}, all[:2]},
		"a port that differs": {service("s", web), []corev1.Pod{three[0], at("b", "10.255.0.7", func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].ContainerPort = 9090 })},
			[]ServiceEndpoint{end("http", 8080, "10.255.0.9"), end("http", 9090, "10.255.0.7")}, all[:2]},
		"one isn't ready": {service("s", web), []corev1.Pod{three[0], at("b", "10.255.0.7", func(p *corev1.Pod) { p.Status.Conditions = nil }), three[2]},
			[]ServiceEndpoint{end("http", 8080, "10.255.0.9", "10.255.0.8")}, []string{"10.255.0.9", "10.255.0.8"}},
		"primary": {primary, []corev1.Pod{three[0], at("b", "10.255.0.7", func(p *corev1.Pod) { p.Labels = primary.Spec.Selector })},
			[]ServiceEndpoint{end("http", 8080, "10.255.0.7")}, []string{"10.255.0.7"}},
		"sctp":          {service("s", corev1.ServicePort{Port: 7, Protocol: corev1.ProtocolSCTP}), three, []ServiceEndpoint{}, []string{}},
		"no selector":   {without, three, []ServiceEndpoint{}, []string{}},
		"nobody's port": {service("s", corev1.ServicePort{Port: 7, TargetPort: intstr.FromString("nope")}), three, []ServiceEndpoint{}, []string{}},
		"no pods":       {service("s", web), nil, []ServiceEndpoint{}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			view := Of(nil, []corev1.Service{c.service}, c.pods)
			for _, services := range [][]Service{view.Services, view.ForTemplate(nil, true).Services, view.ForTemplate(nil, true).RawServices} {
				if s := services[0]; !seenAs(s.Endpoints, c.want) || !reflect.DeepEqual(s.Hosts, c.hosts) {
					t.Errorf("endpoints %+v at %v; want %+v at %v", s.Endpoints, s.Hosts, c.want, c.hosts)
				}
			}
			if single := view.ForTemplate(nil, true).Services[0].Spec; len(c.hosts) > 0 && (single.ClusterIP != c.hosts[0] || len(single.ClusterIPs) != 1) {
				t.Errorf("the single address is %s, %v", single.ClusterIP, single.ClusterIPs)
			}
		})
	}
}

// TestAllAddressesAreNarrowed: what bind doesn't open is handed out nowhere.
func TestAllAddressesAreNarrowed(t *testing.T) {
	s := service("s", corev1.ServicePort{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}, corev1.ServicePort{Name: "admin", Port: 81})
	whole := Of(nil, []corev1.Service{s}, []corev1.Pod{withAddresses("a", "10.255.0.7"), withAddresses("b", "10.255.0.8")})
	before, err := whole.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"10.255.0.7", "10.255.0.8"}
	for name, c := range map[string]struct {
		open  int32
		want  []ServiceEndpoint
		hosts []string
	}{
		"one port": {81, []ServiceEndpoint{{Name: "admin", Port: 81, Protocol: "tcp", Addresses: hosts, Host: hosts[0]}}, hosts},
		"none":     {82, []ServiceEndpoint{}, []string{}},
	} {
		view := whole.Narrow(func(port int32, _ string) bool { return port == c.open })
		if !reflect.DeepEqual(view.ServedAt, c.hosts) {
			t.Errorf("%s: hosts %v, want %v", name, view.ServedAt, c.hosts)
		}
		for _, services := range [][]Service{view.Services, view.ForTemplate(nil, true).Services} {
			if !seenAs(services[0].Endpoints, c.want) || !reflect.DeepEqual(services[0].Hosts, c.hosts) {
				t.Errorf("%s: endpoints %+v, want %+v", name, services[0], c.want)
			}
		}
	}
	if after, err := whole.Credentials(); err != nil || string(after) != string(before) {
		t.Errorf("narrowing a view has changed the view: %s, was %s; %v", after, before, err)
	}
	var got struct{ Hosts []string }
	if err := json.Unmarshal(before, &got); err != nil || !reflect.DeepEqual(got.Hosts, hosts) {
		t.Errorf("the credentials hold the hosts %v, %v", got.Hosts, err)
	}
}

// seenAs compares what templates see.
func seenAs(have, want []ServiceEndpoint) bool {
	a, errA := json.Marshal(have)
	b, errB := json.Marshal(want)
	return errA == nil && errB == nil && string(a) == string(b)
}
