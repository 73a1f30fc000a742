package networkpolicy_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// counted counts lists, pages of one as one, and everything else.
type counted struct {
	next         http.RoundTripper
	lists, other *atomic.Int32
}

func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/networkpolicies"):
		if r.URL.Query().Get("continue") == "" {
			c.lists.Add(1)
		}
	default:
		c.other.Add(1)
	}
	return c.next.RoundTrip(r)
}

// TestMany: a round over many bindings of which nothing is missing is one list, of several
// pages, and writes nothing.
func TestMany(t *testing.T) {
	const bindings = 600 // two objects each: more than a page
	s := newScene(t)
	var all []policy.Policy
	for range bindings {
		app := uuid.NewString()
		s.ends.apps[app] = ""
		all = append(all, policy.To(app, s.group, "tcp", 5432))
	}
	s.must(s.Create(t.Context(), all))
	lists, other := new(atomic.Int32), new(atomic.Int32)
	config := rest.CopyConfig(brokerConfig)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counted{next, lists, other} })
	clients, err := kubernetes.NewForConfig(config)
	s.must(err)
	place := s.ends.places[s.group]
	place.Clients = clients
	s.ends.places[s.group] = place
	e := s.as(clients, func(*networkpolicy.Settings) {})
	if missing, err := e.Missing(t.Context(), all); err != nil || len(missing) > 0 {
		t.Errorf("missing are %d, %v", len(missing), err)
	}
	if lists.Load() != 1 || other.Load() != 0 {
		t.Errorf("that took %d lists and %d other requests", lists.Load(), other.Load())
	}
	if left, err := e.Left(t.Context(), all); err != nil || !policy.Same(left, all) {
		t.Errorf("left are %d, %v", len(left), err)
	}
}

// TestOneAmongMany: what is wrong with one instance keeps nothing of the others from being
// looked at, and put back.
func TestOneAmongMany(t *testing.T) {
	for name, spoil := range map[string]func(s *scene, bad string){
		"its namespace is gone": func(s *scene, bad string) {
			s.ends.places[bad] = networkpolicy.Place{Clients: broker, Namespace: "in-" + bad, Closed: true}
		},
		"its cluster is down": func(s *scene, bad string) {
			clients, err := kubernetes.NewForConfig(&rest.Config{Host: "127.0.0.1:1"})
			s.must(err)
			s.ends.places[bad] = networkpolicy.Place{Clients: clients, Cluster: "down", Namespace: "in-" + bad, Closed: true}
		},
		"it can't be found": func(s *scene, bad string) { s.ends.lost[bad] = errors.New("its chart can't be read") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, func(s *networkpolicy.Settings) { s.CIDRs = []string{"10.255.0.0/16"} })
			bad := "00000000" + uuid.NewString()[8:] // it comes first
			spoil(s, bad)
			good := []policy.Policy{policy.To(s.app, s.group, "tcp", 5432)}
			all := append([]policy.Policy{policy.To(s.app, bad, "tcp", 5432)}, good...)
			if err := s.Create(t.Context(), all); err == nil {
				t.Error("all were created")
			}
			if found := s.objects(text(good[0])); len(found) != 2 {
				t.Errorf("of the good one there are %d objects", len(found))
			}
			for _, object := range s.objects(text(good[0])) {
				s.must(admin.NetworkingV1().NetworkPolicies(object.Namespace).Delete(t.Context(), object.Name, metav1.DeleteOptions{}))
			}
			missing, err := s.Missing(t.Context(), all)
			var unseen *policy.UnseenError
			if err != nil && (!errors.As(err, &unseen) || !policy.Same(unseen.Policies, all[:1])) || !policy.Same(policy.Without(missing, all[:1]), good) {
				t.Errorf("missing are %v, %v", missing, err)
			}
			s.goodIsClosed(all, good)
		})
	}
}

// goodIsClosed fails unless the good ones among all are told of where they are there in
// part, and closed with all.
func (s *scene) goodIsClosed(all, good []policy.Policy) {
	s.Helper()
	s.must(s.Create(s.Context(), good))
	half := s.objects(text(good[0]))[0]
	s.must(admin.NetworkingV1().NetworkPolicies(half.Namespace).Delete(s.Context(), half.Name, metav1.DeleteOptions{}))
	left, err := s.Left(s.Context(), all)
	if !policy.Same(policy.Without(left, all[:1]), good) {
		s.Errorf("left are %v, %v", left, err)
	}
	if closed := s.Delete(s.Context(), all); (closed == nil) != (err == nil) {
		s.Errorf("all are closed: %v", closed)
	}
	if found := s.objects(text(good[0])); len(found) > 0 {
		s.Errorf("of the good one %d objects are left", len(found))
	}
}
