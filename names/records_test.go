package names_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

const (
	byKubernetes = "endpointslice-controller.k8s.io"
	byHand       = ""
)

// service is a Service with a selector, changed.
func service(name string, change func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}}
	s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.7", Selector: map[string]string{"app": name}}
	if change != nil {
		change(s)
	}
	return s
}

func headless(s *corev1.Service)   { s.Spec.ClusterIP = corev1.ClusterIPNone }
func unselected(s *corev1.Service) { s.Spec.Selector = nil }
func impatient(s *corev1.Service)  { s.Spec.PublishNotReadyAddresses = true }

func slice(service, by string, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	labels := map[string]string{discoveryv1.LabelServiceName: service, discoveryv1.LabelManagedBy: by}
	return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: service + "-x", Labels: labels}, Endpoints: endpoints}
}

// endpoint is described by words: an address, ready, unready, terminating, and host=x.
func endpoint(words string) discoveryv1.Endpoint {
	fields := strings.Fields(words)
	e := discoveryv1.Endpoint{Addresses: fields[:1]}
	yes, no := true, false
	for _, word := range fields[1:] {
		if host, ok := strings.CutPrefix(word, "host="); ok {
			e.Hostname = &host
		}
		switch word {
		case "ready":
			e.Conditions.Ready = &yes
		case "unready":
			e.Conditions.Ready = &no
		case "terminating":
			e.Conditions.Terminating = &yes
		}
	}
	return e
}

func TestRecords(t *testing.T) {
	long := strings.Repeat("h", 60)
	for _, c := range []struct {
		what      string
		domain    string // cluster.local if empty
		services  []*corev1.Service
		endpoints []*discoveryv1.EndpointSlice
		want      []string // "address name name"
		refused   []string // parts of the sentences
	}{
		{
			what:     "a Service with a ClusterIP has its ready endpoints' addresses",
			services: []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes,
				endpoint("10.0.0.2 ready"), endpoint("10.0.0.1 ready"), endpoint("10.0.0.3 unready"))},
			want: []string{"10.0.0.1 web.ns.svc.cluster.local", "10.0.0.2 web.ns.svc.cluster.local"},
		},
		{
			what:     "pods of a headless Service have names of their own beside its name",
			services: []*corev1.Service{service("db", headless)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes,
				endpoint("10.0.0.1 ready host=db-0"), endpoint("10.0.0.2 ready host=db-1"))},
			want: []string{"10.0.0.1 db-0.db.ns.svc.cluster.local db.ns.svc.cluster.local", "10.0.0.2 db-1.db.ns.svc.cluster.local db.ns.svc.cluster.local"},
		},
		{
			what:      "pods that are named after a Service with a ClusterIP have theirs as well",
			services:  []*corev1.Service{service("db", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes, endpoint("10.0.0.1 ready host=db-0"))},
			want:      []string{"10.0.0.1 db-0.db.ns.svc.cluster.local db.ns.svc.cluster.local"},
		},
		{
			what:     "an address that several Services have is one record",
			services: []*corev1.Service{service("db", headless), service("db-read", nil)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("db", byKubernetes, endpoint("10.0.0.1 ready host=db-0")), slice("db-read", byKubernetes, endpoint("10.0.0.1 ready"))},
			want: []string{"10.0.0.1 db-0.db.ns.svc.cluster.local db-read.ns.svc.cluster.local db.ns.svc.cluster.local"},
		},
		{
			what:     "a hostname that repeats leads to all that have it",
			services: []*corev1.Service{service("db", headless)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes,
				endpoint("10.0.0.1 ready host=db"), endpoint("10.0.0.2 ready host=db"))},
			want:    []string{"10.0.0.1 db.db.ns.svc.cluster.local db.ns.svc.cluster.local", "10.0.0.2 db.db.ns.svc.cluster.local db.ns.svc.cluster.local"},
			refused: []string{"several pods of an instance have the hostname db in one Service, so db.db.ns.svc.cluster.local leads to all of them. Give each a hostname of its own"},
		},
		{
			what:     "a pod with a hostname may be in several slices for a while",
			services: []*corev1.Service{service("db", headless)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("db", byKubernetes, endpoint("10.0.0.1 ready host=db-0")), slice("db", byKubernetes, endpoint("10.0.0.1 ready host=db-0"))},
			want: []string{"10.0.0.1 db-0.db.ns.svc.cluster.local db.ns.svc.cluster.local"},
		},
		{
			what:     "a Service's endpoints may be in several slices, also twice",
			services: []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("web", byKubernetes, endpoint("10.0.0.1 ready")), slice("web", byKubernetes, endpoint("10.0.0.1 ready"), endpoint("10.0.0.2 ready"))},
			want: []string{"10.0.0.1 web.ns.svc.cluster.local", "10.0.0.2 web.ns.svc.cluster.local"},
		},
		{
			what:      "what isn't said to be ready or not is",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes, endpoint("10.0.0.1"))},
			want:      []string{"10.0.0.1 web.ns.svc.cluster.local"},
		},
		{
			what:      "publishNotReadyAddresses gives pods that aren't ready",
			services:  []*corev1.Service{service("db", impatient)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes, endpoint("10.0.0.1 unready host=db-0"))},
			want:      []string{"10.0.0.1 db-0.db.ns.svc.cluster.local db.ns.svc.cluster.local"},
		},
		{
			what:      "but none that is being terminated, though Kubernetes calls it ready then",
			services:  []*corev1.Service{service("db", impatient)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes, endpoint("10.0.0.1 ready terminating host=db-0"))},
		},
		{
			what:      "a Service without endpoints has no record, and neither have endpoints without a Service",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("gone", byKubernetes, endpoint("10.0.0.1 ready"))},
		},
		{
			what:     "a Service without a selector leads to pods that Kubernetes knows from another Service",
			services: []*corev1.Service{service("leader", unselected), service("db", headless)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("leader", byHand, endpoint("10.0.0.2 ready")),
				slice("db", byKubernetes, endpoint("10.0.0.1 ready"), endpoint("10.0.0.2 unready"))},
			want: []string{"10.0.0.1 db.ns.svc.cluster.local", "10.0.0.2 leader.ns.svc.cluster.local"},
		},
		{
			what:      "and to nothing else",
			services:  []*corev1.Service{service("leader", unselected)},
			endpoints: []*discoveryv1.EndpointSlice{slice("leader", byHand, endpoint("10.9.9.9 ready"), endpoint("169.254.169.254 ready"))},
			refused:   []string{"2 of the addresses of Service leader aren't those of pods of its instance, so leader.ns.svc.cluster.local doesn't lead to them. Give the Service a selector"},
		},
		{
			what:     "what somebody added to a Service with a selector isn't its pods' either",
			services: []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("web", byKubernetes, endpoint("10.0.0.1 ready")), slice("web", byHand, endpoint("10.9.9.9 ready"))},
			want:    []string{"10.0.0.1 web.ns.svc.cluster.local"},
			refused: []string{"1 of the addresses of Service web aren't those of pods"},
		},
		{
			what:     "nor what bears Kubernetes' mark where there is no selector",
			services: []*corev1.Service{service("leader", unselected)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("leader", byKubernetes, endpoint("10.9.9.9 ready"))},
			refused: []string{"Service leader aren't those of pods"},
		},
		{
			what: "ExternalName has no addresses",
			services: []*corev1.Service{service("mail", func(s *corev1.Service) {
				s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "mail.example.com"
			})},
			refused: []string{"Service mail is an ExternalName: apps can't find it by that name, since Cloud Foundry's service discovery holds addresses only. Put the name that it stands for into the credentials"},
		},
		{
			what:      "IPv6 alone isn't reached",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes, endpoint("fd00::1 ready"))},
			refused:   []string{"Service web has no IPv4 address, and the overlay has no other. Let its ipFamilies include IPv4"},
		},
		{
			what:     "of both families IPv4 is given",
			services: []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("web", byKubernetes, endpoint("fd00::1 ready")), slice("web", byKubernetes, endpoint("10.0.0.1 ready"))},
			want: []string{"10.0.0.1 web.ns.svc.cluster.local"},
		},
		{
			what:      "a host's name that is no address isn't given",
			services:  []*corev1.Service{service("web", unselected)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byHand, endpoint("www.example.com ready"))},
			refused:   []string{"Service web has no IPv4 address"},
		},
		{
			what:      "a Service whose name is too long in all",
			domain:    strings.Repeat(strings.Repeat("d", 60)+".", 4) + "e",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes, endpoint("10.0.0.1 ready"))},
			refused:   []string{"apps can't find Service web by name: 256 characters are more than the 253 that DNS allows a name. Choose a shorter name"},
		},
		{
			what:      "a pod whose name is too long in all: its Service has its name",
			domain:    strings.Repeat(strings.Repeat("d", 60)+".", 3) + "e",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes, endpoint("10.0.0.1 ready host="+long))},
			want:      []string{"10.0.0.1 web.ns.svc." + strings.Repeat(strings.Repeat("d", 60)+".", 3) + "e"},
			refused:   []string{"the pod with hostname " + long + " by name: 256 characters"},
		},
		{
			what:      "a hostname that no DNS label is",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes, endpoint("10.0.0.1 ready host="+long+"four"))},
			want:      []string{"10.0.0.1 web.ns.svc.cluster.local"},
			refused:   []string{`"` + long + `four" has 64 characters, and DNS allows 63 between two dots`},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			domain := names.Domain("cluster.local")
			if c.domain != "" {
				domain = names.Domain(c.domain)
			}
			records, refused := domain.Records(c.services, c.endpoints)
			if got := words(records); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%q, want\n%q", got, c.want)
			}
			if len(refused) != len(c.refused) {
				t.Fatalf("refused %v, want %d", refused, len(c.refused))
			}
			for i, part := range c.refused {
				if !strings.Contains(refused[i].Error(), part) {
					t.Errorf("refused with %q, want %q", refused[i], part)
				}
			}
		})
	}
}

func words(records []names.Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, strings.Join(append([]string{r.Address.String()}, r.Names...), " "))
	}
	return all
}

// TestMaxPairs gives the first ones, always the same.
func TestMaxPairs(t *testing.T) {
	var services []*corev1.Service
	var endpoints []*discoveryv1.EndpointSlice
	for s := range 21 {
		name := fmt.Sprintf("s%02d", s)
		services = append(services, service(name, nil))
		made := slice(name, byKubernetes)
		for pod := range 100 {
			made.Endpoints = append(made.Endpoints, endpoint(fmt.Sprintf("10.0.0.%d ready", pod+1)))
		}
		endpoints = append(endpoints, made)
	}
	records, refused := names.Domain("cluster.local").Records(services, endpoints)
	pairs := 0
	for _, r := range records {
		pairs += len(r.Names)
		if last := r.Names[len(r.Names)-1]; last != "s19.ns.svc.cluster.local" {
			t.Errorf("%s has %s as its last name, want the 20th", r.Address, last)
		}
	}
	if pairs != names.MaxPairs || len(refused) != 1 || !strings.Contains(refused[0].Error(), "2100 pairs of names and addresses, and apps can be told of 2000") {
		t.Errorf("%d pairs, refused %v", pairs, refused)
	}
}
