package helmsvc_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applycoordinationv1 "k8s.io/client-go/applyconfigurations/coordination/v1"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// polls writes a node's Lease as its agent does.
func polls(t *testing.T, node, mark string) {
	t.Helper()
	apply := metav1.ApplyOptions{FieldManager: "test", Force: true}
	if _, err := clients.CoreV1().Namespaces().Apply(t.Context(), applycorev1.Namespace(podgroup.AgentsNamespace), apply); err != nil {
		t.Error(err)
	}
	lease := applycoordinationv1.Lease(node, podgroup.AgentsNamespace).WithAnnotations(map[string]string{podgroup.PolledAnnotation: mark})
	if _, err := clients.CoordinationV1().Leases(podgroup.AgentsNamespace).Apply(t.Context(), lease, apply); err != nil {
		t.Error(err)
	}
}

// beforeWatch does something, once, before a watch of Leases.
type beforeWatch struct {
	http.RoundTripper
	once *sync.Once
	do   func()
}

func (b beforeWatch) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.HasSuffix(request.URL.Path, "/leases") && request.URL.Query().Get("watch") != "" {
		b.once.Do(b.do)
	}
	return b.RoundTripper.RoundTrip(request)
}

// whenWaiting has something done when the place next waits for Leases to change.
func (p *place) whenWaiting(do func()) {
	p.t.Helper()
	config, once := rest.CopyConfig(local.RESTConfig()), &sync.Once{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return beforeWatch{next, once, do} })
	var err error
	if p.Cluster, err = helmsvc.NewCluster(config, helmsvc.Config{}); err != nil {
		p.t.Fatal(err)
	}
}

// TestAwaitPolled: a namespace that was marked is waited for until its nodes' Leases say
// so, however they come to, or time is up; nodes without an agent aren't.
func TestAwaitPolled(t *testing.T) {
	p := newPlace(t)
	if err := p.install(t.Context(), `{}`, nil); err != nil {
		t.Fatal(err)
	}
	pods, err := clients.CoreV1().Pods(p.ns.Name).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) == 0 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	node := pods.Items[0].Spec.NodeName
	mark := func() string {
		t.Helper()
		revision, err := p.MarkAccess(t.Context(), p.ns)
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	awaited := func(ctx context.Context, revision string, want ...string) {
		t.Helper()
		if lagging, err := p.AwaitPolled(ctx, p.ns.Name, revision); err != nil || !slices.Equal(lagging, want) {
			t.Errorf("%v lag, %v; want %v", lagging, err, want)
		}
	}
	first := mark()
	awaited(t.Context(), first) // no agent
	polls(t, node, first)
	awaited(t.Context(), first)

	second := mark()
	limited, timeIsUp := context.WithCancel(t.Context())
	p.whenWaiting(timeIsUp)
	awaited(limited, second, node)

	p.whenWaiting(func() {
		polls(t, node, first)
		polls(t, node, second)
	})
	awaited(t.Context(), second)

	third := mark()
	p.whenWaiting(func() {
		if err := clients.CoordinationV1().Leases(podgroup.AgentsNamespace).Delete(t.Context(), node, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	awaited(t.Context(), third) // the agent has been uninstalled

	nobody := rest.CopyConfig(local.RESTConfig())
	nobody.Impersonate.UserName = "nobody"
	other, err := helmsvc.NewCluster(nobody, helmsvc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.AwaitPolled(t.Context(), p.ns.Name, third); !apierrors.IsForbidden(err) {
		t.Errorf("without rights: %v", err)
	}
}
