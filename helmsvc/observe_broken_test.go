package helmsvc_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/ktesting"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// weak is a connection to the API server that can break.
type weak struct {
	next http.RoundTripper
	// pods and services get a token for each list of theirs.
	pods, services chan struct{}
	down           atomic.Bool
	mu             sync.Mutex
	open           []context.CancelFunc // guarded by mu
}

func (w *weak) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.down.Load() {
		return nil, syscall.ECONNREFUSED
	}
	switch lists := r.URL.Query().Get("watch") == ""; {
	case lists && strings.HasSuffix(r.URL.Path, "/pods"):
		count(w.pods)
	case lists && strings.HasSuffix(r.URL.Path, "/services"):
		count(w.services)
	}
	ctx, cancel := context.WithCancel(r.Context())
	w.mu.Lock()
	w.open = append(w.open, cancel)
	w.mu.Unlock()
	return w.next.RoundTrip(r.WithContext(ctx))
}

func count(list chan struct{}) {
	select {
	case list <- struct{}{}:
	default:
	}
}

// breakDown ends what is open and refuses what comes.
func (w *weak) breakDown() {
	w.down.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, cancel := range w.open {
		cancel()
	}
}

// over has the place speak to the cluster over a connection that can break.
func (p *place) over(config *rest.Config) *weak {
	p.t.Helper()
	w := &weak{pods: make(chan struct{}, 100), services: make(chan struct{}, 100)}
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		w.next = next
		return w
	})
	var err error
	if p.Cluster, err = helmsvc.NewCluster(config, helmsvc.Config{}); err != nil {
		p.t.Fatal(err)
	}
	return w
}

// TestObserveBroken learns what went while nobody could watch.
func TestObserveBroken(t *testing.T) {
	p := newPlace(t)
	w := p.over(local.RESTConfig())
	newPod(t, p.ns.Name, simplePod("db"))
	o := p.observe(p.ns.Name)
	o.awaitOffer(p.ns.Name, "1 pods, 1 hosts: admin/9090 web/8080")
	w.breakDown()
	now := int64(0)
	if err := clients.CoreV1().Pods(p.ns.Name).Delete(t.Context(), "db", metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		t.Fatal(err)
	}
	if n := o.Offer(p.ns.Name, "g").Pods; n != 1 || !o.Synced() {
		t.Errorf("while the cluster can't be reached %d pods are known, want the last seen", n)
	}
	w.down.Store(false)
	o.awaitOffer(p.ns.Name, "0 pods, 0 hosts:")
}

// TestObserveRefused says once that it may not watch, and goes on once it may.
func TestObserveRefused(t *testing.T) {
	p := newPlace(t)
	newPod(t, p.ns.Name, simplePod("db"))
	token, err := clients.CoreV1().ServiceAccounts(p.ns.Name).CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(local.RESTConfig())
	config.BearerToken = token.Status.Token
	w := p.over(config)

	logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.BufferLogs(true)))
	ctx := klog.NewContext(t.Context(), logger)
	o := &observing{t: t, told: map[string]int{}, news: make(chan struct{}, 1)}
	if o.Observer, err = p.Observe(ctx, func(namespace string) bool { return namespace == p.ns.Name }, o.tell); err != nil {
		t.Fatal(err)
	}
	for range 3 { // what the first two were answered has been dealt with then
		<-w.pods
		<-w.services
	}
	sink, ok := logger.GetSink().(ktesting.Underlier)
	if !ok {
		t.Fatalf("the log is a %T", logger.GetSink())
	}
	if log := sink.GetBuffer().String(); strings.Count(log, "allow the broker to list and watch pods") != 2 {
		t.Errorf("of pods and Services each the log should say once that they may not be listed:\n%s", log)
	}
	if o.Synced() || o.times(p.ns.Name) > 0 {
		t.Error("it claims to know what it may not see")
	}

	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: p.ns.Name}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods", "services"}, Verbs: []string{"list", "watch"}}}}
	if _, err := clients.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: p.ns.Name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: p.ns.Name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: p.ns.Name, Name: "default"}},
	}
	if _, err := clients.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	o.awaitOffer(p.ns.Name, "1 pods, 1 hosts: admin/9090 web/8080")
}
