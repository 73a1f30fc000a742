package networkpolicy_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
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
