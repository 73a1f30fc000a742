package networkpolicy

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Ends tells what is at the ends of a policy. Within one call of the Enforcer each id
// is asked for once.
type Ends interface {
	// App tells whether a source is an app, and the GUID of its space, empty where that
	// isn't known. What isn't an app is a group.
	App(guid string) (space string, found bool)
	// Place tells where a policy group's pods are; not found: there is no such group
	// any more, and nothing in its namespace either.
	Place(ctx context.Context, group string) (Place, bool, error)
}

// Place is where the pods of a policy group are.
type Place struct {
	// Clients are those of their cluster.
	Clients kubernetes.Interface
	// Cluster is the same for all places on a cluster; empty: the broker's own.
	Cluster   string
	Namespace string
	// Pods selects them; nil: all of the namespace.
	Pods *metav1.LabelSelector
	// Closed: a NetworkPolicy denies by default there what goes in and out, but among
	// the namespace's own pods, so that another can but add to what passes.
	Closed bool
	// Staging: apps that are being staged are let in too.
	Staging bool
}
