package view

import (
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/sparse"
)

// pod is a ready pod with a container port for each of the given ones.
func pod(ports ...corev1.ContainerPort) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Labels: map[string]string{"app": "x"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Ports: ports}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.255.0.7",
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
}

func service(name string, ports ...corev1.ServicePort) corev1.Service {
	return corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "x"}, Ports: ports},
	}
}

func TestEndpoints(t *testing.T) {
	web := corev1.ContainerPort{Name: "web", ContainerPort: 8080}
	dns := corev1.ContainerPort{Name: "dns", ContainerPort: 5353, Protocol: corev1.ProtocolUDP}
	at := func(port int32, protocol, name string) Endpoint {
		return Endpoint{Host: "10.255.0.7", Port: port, Protocol: protocol, Name: name}
	}
	other := service("other", corev1.ServicePort{Port: 1})
	other.Spec.Selector = map[string]string{"app": "y"}
	external := service("external", corev1.ServicePort{Port: 2})
	external.Spec.Selector = nil
	for name, c := range map[string]struct {
		pod      corev1.Pod
		services []corev1.Service
		want     []Endpoint
	}{
		"named target":       {pod(web), []corev1.Service{service("s", corev1.ServicePort{Name: "http", Port: 80, TargetPort: intstr.FromString("web")})}, []Endpoint{at(8080, "tcp", "http")}},
		"numbered target":    {pod(), []corev1.Service{service("s", corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(81)})}, []Endpoint{at(81, "tcp", "s")}},
		"no target":          {pod(), []corev1.Service{service("s", corev1.ServicePort{Port: 80})}, []Endpoint{at(80, "tcp", "s")}},
		"udp":                {pod(dns), []corev1.Service{service("s", corev1.ServicePort{Port: 53, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromString("dns")})}, []Endpoint{at(5353, "udp", "s")}},
		"name of other kind": {pod(dns), []corev1.Service{service("s", corev1.ServicePort{Port: 53, TargetPort: intstr.FromString("dns")})}, []Endpoint{at(5353, "udp", "dns")}},
		"unknown name":       {pod(web), []corev1.Service{service("s", corev1.ServicePort{Port: 53, TargetPort: intstr.FromString("nope")})}, []Endpoint{at(8080, "tcp", "web")}},
		"headless too": {pod(web), []corev1.Service{
			service("s", corev1.ServicePort{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}),
			service("s-headless", corev1.ServicePort{Name: "again", Port: 8080}),
		}, []Endpoint{at(8080, "tcp", "http")}},
		"declared":         {pod(web, dns), nil, []Endpoint{at(8080, "tcp", "web"), at(5353, "udp", "dns")}},
		"other selector":   {pod(web), []corev1.Service{other}, []Endpoint{at(8080, "tcp", "web")}},
		"no selector":      {pod(web), []corev1.Service{external}, []Endpoint{at(8080, "tcp", "web")}},
		"sctp is left out": {pod(), []corev1.Service{service("s", corev1.ServicePort{Port: 7, Protocol: corev1.ProtocolSCTP}, corev1.ServicePort{Port: 8})}, []Endpoint{at(8, "tcp", "s")}},
	} {
		t.Run(name, func(t *testing.T) {
			view := Of(nil, c.services, []corev1.Pod{c.pod})
			for i := range view.Endpoints { // see TestNamed
				view.Endpoints[i].service, view.Endpoints[i].servicePort = "", 0
			}
			if !reflect.DeepEqual(view.Endpoints, c.want) {
				t.Errorf("endpoints %+v, want %+v", view.Endpoints, c.want)
			}
		})
	}
}

// TestOnlyReadyPods shows which pods a binding is offered, and which make it
// wait.
func TestOnlyReadyPods(t *testing.T) {
	changed := func(edit func(*corev1.Pod)) corev1.Pod {
		p := pod(corev1.ContainerPort{ContainerPort: 1})
		edit(&p)
		return p
	}
	now := metav1.Now()
	yes := true
	for name, c := range map[string]struct {
		pod            corev1.Pod
		offered, waits bool
	}{
		"ready":       {changed(func(*corev1.Pod) {}), true, false},
		"not ready":   {changed(func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }), false, true},
		"no address":  {changed(func(p *corev1.Pod) { p.Status.PodIP = "" }), false, true},
		"pending":     {changed(func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodPending} }), false, true},
		"terminating": {changed(func(p *corev1.Pod) { p.DeletionTimestamp = &now }), false, false},
		"ended":       {changed(func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), false, false},
		"of a Job": {changed(func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Controller: &yes}}
		}), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			view := Of(nil, nil, []corev1.Pod{c.pod})
			if offered := len(view.Pods) == 1 && len(view.Endpoints) == 1; offered != c.offered {
				t.Errorf("offered: %t, want %t (%+v)", offered, c.offered, view)
			}
			if view.wantsPods() != c.waits {
				t.Errorf("makes a bind wait: %t, want %t", view.wantsPods(), c.waits)
			}
		})
	}
}

func TestPodReason(t *testing.T) {
	waitingFor := func(reason, message string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: "c", Image: "i:1", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
	}
	crashed := waitingFor("CrashLoopBackOff", "back-off 10s")
	crashed.RestartCount = 3
	crashed.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 7, Message: "no such\nfile"}
	for name, c := range map[string]struct {
		status corev1.PodStatus
		want   string
	}{
		"image":         {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waitingFor("ImagePullBackOff", "not found")}}, "pod p: container c can't pull its image i:1 (ImagePullBackOff): not found"},
		"crash":         {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{crashed}}, "pod p: container c keeps crashing (3 restarts): it exited with code 7: no such file"},
		"init":          {corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{waitingFor("CreateContainerConfigError", "secret x not found")}}, "pod p: container c is waiting (CreateContainerConfigError): secret x not found"},
		"unschedulable": {corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/3 nodes are available"}}}, "pod p: can't be scheduled: 0/3 nodes are available"},
		"starting":      {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waitingFor("ContainerCreating", "")}}, ""},
		"exited":        {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "c", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2}}}}}, "pod p: container c exited with code 2"},
		"probe":         {corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Message: "containers with unready status: [c]"}}}, "pod p: not ready: containers with unready status: [c]"},
	} {
		t.Run(name, func(t *testing.T) {
			p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Status: c.status}
			if got := readiness.PodReason(&p); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	ready := pod()
	if got := readiness.PodReason(&ready); got != "" {
		t.Errorf("a ready pod has the reason %q", got)
	}
}

// TestLeftOut names the ports that no policy can open, and says when there are
// no others.
func TestLeftOut(t *testing.T) {
	sctp := corev1.ContainerPort{Name: "ngap", ContainerPort: 38412, Protocol: corev1.ProtocolSCTP}
	web := corev1.ContainerPort{Name: "web", ContainerPort: 8080}
	ngap := corev1.ServicePort{Name: "n2", Port: 1, Protocol: corev1.ProtocolSCTP, TargetPort: intstr.FromString("ngap")}
	for name, c := range map[string]struct {
		pod      corev1.Pod
		services []corev1.Service
		leftOut  string
		want     string
	}{
		"tcp":              {pod(web), nil, "", ""},
		"nothing":          {pod(), nil, "", ""},
		"declared":         {pod(sctp), nil, "ngap", "38412/sctp (ngap)"},
		"declared, more":   {pod(sctp, web), nil, "ngap", ""},
		"targeted":         {pod(sctp, web), []corev1.Service{service("s", ngap)}, "n2", "38412/sctp (n2)"},
		"targeted, more":   {pod(sctp, web), []corev1.Service{service("s", ngap, corev1.ServicePort{Port: 8080})}, "n2", ""},
		"targeted, in two": {pod(sctp), []corev1.Service{service("s", ngap), service("t", ngap)}, "n2", "38412/sctp (n2)"},
	} {
		t.Run(name, func(t *testing.T) {
			// Two pods: a port is told once.
			view := Of(nil, c.services, []corev1.Pod{c.pod, c.pod})
			var names []string
			for _, e := range view.Narrow(func(int32, string) bool { return false }).LeftOut() {
				names = append(names, e.Name)
			}
			if want := strings.Fields(strings.Repeat(c.leftOut+" ", 2)); strings.Join(names, " ") != strings.Join(want, " ") {
				t.Errorf("left out are %q, want %q", names, want)
			}
			_, err := view.Reachable()
			if (err != nil) != (c.want != "") {
				t.Fatalf("unreachable: %v, want %q", err, c.want)
			}
			if err != nil && (strings.Count(err.Error(), c.want) != 1 || !strings.Contains(err.Error(), "tcp and udp")) {
				t.Errorf("unreachable: %v, want %q", err, c.want)
			}
		})
	}
}

// withAddresses is a Ready pod that has these, the first of which is its
// cluster's preferred one.
func withAddresses(name string, addresses ...string) corev1.Pod {
	p := pod(corev1.ContainerPort{Name: "web", ContainerPort: 8080})
	p.Name, p.Status.PodIP = name, addresses[0]
	for _, a := range addresses {
		p.Status.PodIPs = append(p.Status.PodIPs, corev1.PodIP{IP: a})
	}
	return p
}

// TestDualStack hands out, everywhere, the IPv4 address of a pod that has one,
// since policies know no other.
func TestDualStack(t *testing.T) {
	s := service("s", corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("web")})
	for name, c := range map[string]struct {
		pods []corev1.Pod
		// hosts are handed out as they are, reachable what is left with policies on.
		hosts, reachable []string
		clusterIP, err   string
	}{
		"IPv6 first":     {[]corev1.Pod{withAddresses("p", "fd00::7", "10.255.0.7")}, []string{"10.255.0.7"}, []string{"10.255.0.7"}, "10.255.0.7", ""},
		"IPv4 first":     {[]corev1.Pod{withAddresses("p", "10.255.0.7", "fd00::7")}, []string{"10.255.0.7"}, []string{"10.255.0.7"}, "10.255.0.7", ""},
		"IPv4 alone":     {[]corev1.Pod{withAddresses("p", "10.255.0.7")}, []string{"10.255.0.7"}, []string{"10.255.0.7"}, "10.255.0.7", ""},
		"IPv6 alone":     {[]corev1.Pod{withAddresses("p", "fd00::7")}, []string{"fd00::7"}, nil, "fd00::7", "no IPv4 address (fd00::7)"},
		"some IPv4":      {[]corev1.Pod{withAddresses("p", "fd00::7"), withAddresses("q", "fd00::8", "10.255.0.8")}, []string{"10.255.0.8", "fd00::7"}, []string{"10.255.0.8"}, "10.255.0.8", ""},
		"no list, as of": {[]corev1.Pod{pod(corev1.ContainerPort{Name: "web", ContainerPort: 8080})}, []string{"10.255.0.7"}, []string{"10.255.0.7"}, "10.255.0.7", ""},
	} {
		t.Run(name, func(t *testing.T) {
			view := Of(nil, []corev1.Service{s}, c.pods)
			reachable, err := view.Reachable()
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			for _, side := range []struct {
				of   View
				want []string
			}{{view, c.hosts}, {reachable, c.reachable}} {
				var ends []string
				for _, e := range side.of.Endpoints {
					ends = append(ends, e.Host)
				}
				if got := side.of.Hosts(); !reflect.DeepEqual(got, side.want) || !reflect.DeepEqual(distinct(ends), side.want) {
					t.Errorf("hosts %v, endpoints at %v; want %v", got, ends, side.want)
				}
			}
			if got := view.ForTemplate(nil, true).Services[0].Spec.ClusterIP; got != c.clusterIP {
				t.Errorf("the Service is at %s, want %s", got, c.clusterIP)
			}
		})
	}
}

// TestDualStackIsObserved: what is kept of a pod tells the address that bindings
// got, so that one that has moved is noticed, whatever its other address does.
func TestDualStackIsObserved(t *testing.T) {
	kept := func(addresses ...string) *corev1.Pod {
		p := withAddresses("p", addresses...)
		trimmed, err := trimmer(func(string) bool { return true })(&p)
		if err != nil {
			t.Fatal(err)
		}
		return trimmed.(*corev1.Pod)
	}
	first := kept("fd00::7", "10.255.0.7")
	if got := AddressOf(first); got != "10.255.0.7" {
		t.Errorf("the address kept is %s", got)
	}
	if sparse.Alike(first, kept("fd00::7", "10.255.0.8")) {
		t.Error("a new IPv4 address isn't noticed")
	}
	if !sparse.Alike(first, kept("fd00::8", "10.255.0.7")) {
		t.Error("an address that nobody was given is taken for a change")
	}
}

// TestHosts lists the addresses that a view hands out.
func TestHosts(t *testing.T) {
	at := func(address string, ready corev1.ConditionStatus) corev1.Pod {
		p := pod(corev1.ContainerPort{ContainerPort: 1}, corev1.ContainerPort{ContainerPort: 2})
		p.Status.PodIP, p.Status.Conditions[0].Status = address, ready
		return p
	}
	view := Of(nil, nil, []corev1.Pod{at("10.255.0.9", corev1.ConditionTrue), at("10.255.0.8", corev1.ConditionFalse), at("10.255.0.7", corev1.ConditionTrue)})
	if got := view.Hosts(); !reflect.DeepEqual(got, []string{"10.255.0.7", "10.255.0.9"}) {
		t.Errorf("the addresses are %v", got)
	}
}
