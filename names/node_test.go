package names_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

// on is an endpoint on a node.
func on(node, words string) discoveryv1.Endpoint {
	e := endpoint(words)
	e.NodeName = &node
	return e
}

// TestOnNode: a record is its pod's node's, as Kubernetes says it and nobody else;
// the nodes' records are together all there are, each once.
func TestOnNode(t *testing.T) {
	for _, c := range []struct {
		what      string
		services  []*corev1.Service
		endpoints []*discoveryv1.EndpointSlice
		a, b      []string // of the nodes a and b
		nowhere   []string
	}{
		{
			what:      "a Service's pods on two nodes",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes, on("a", "10.0.0.1 ready"), on("b", "10.0.0.2 ready"), on("a", "10.0.0.3 unready"))},
			a:         []string{"10.0.0.1 web.ns.svc.cluster.local"},
			b:         []string{"10.0.0.2 web.ns.svc.cluster.local"},
		},
		{
			what:      "a pod's own name is on its node, the Service's on both",
			services:  []*corev1.Service{service("db", headless)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes, on("a", "10.0.0.1 ready host=db-0"), on("b", "10.0.0.2 ready host=db-1"))},
			a:         []string{"10.0.0.1 db-0.db.ns.svc.cluster.local db.ns.svc.cluster.local"},
			b:         []string{"10.0.0.2 db-1.db.ns.svc.cluster.local db.ns.svc.cluster.local"},
		},
		{
			what:     "a leader that somebody wrote is where its pod is, whatever node is written",
			services: []*corev1.Service{service("db", nil), service("leader", unselected)},
			endpoints: []*discoveryv1.EndpointSlice{
				slice("db", byKubernetes, on("a", "10.0.0.1 ready"), on("b", "10.0.0.2 ready")), slice("leader", byHand, endpoint("10.0.0.1 ready"), on("a", "10.0.0.2 ready"))},
			a: []string{"10.0.0.1 db.ns.svc.cluster.local leader.ns.svc.cluster.local"},
			b: []string{"10.0.0.2 db.ns.svc.cluster.local leader.ns.svc.cluster.local"},
		},
		{
			what:      "an address of a dead node that another node's ready pod has by now",
			services:  []*corev1.Service{service("db", nil), service("web", impatient)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes, on("b", "10.0.0.1 ready")), slice("web", byKubernetes, on("a", "10.0.0.1 unready"))},
			b:         []string{"10.0.0.1 db.ns.svc.cluster.local web.ns.svc.cluster.local"},
		},
		{
			what:      "the same, seen in the other order",
			services:  []*corev1.Service{service("db", impatient), service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("db", byKubernetes, on("a", "10.0.0.1 unready")), slice("web", byKubernetes, on("b", "10.0.0.1 ready"))},
			b:         []string{"10.0.0.1 db.ns.svc.cluster.local web.ns.svc.cluster.local"},
		},
		{
			what:      "a pod whose node isn't said",
			services:  []*corev1.Service{service("web", nil)},
			endpoints: []*discoveryv1.EndpointSlice{slice("web", byKubernetes, endpoint("10.0.0.1 ready"))},
			nowhere:   []string{"10.0.0.1 web.ns.svc.cluster.local"},
		},
	} {
		records, _ := names.Domain("cluster.local").Records(c.services, c.endpoints)
		for node, want := range map[string][]string{"a": c.a, "b": c.b, "": c.nowhere} {
			if got := words(names.OnNode(node, records)); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: node %q has %q, want %q", c.what, node, got, want)
			}
		}
		if all := slices.Concat(c.a, c.b, c.nowhere); strings.Join(words(records), ";") != strings.Join(all, ";") {
			t.Errorf("%s: all records are %q, want %q", c.what, words(records), all)
		}
	}
}
