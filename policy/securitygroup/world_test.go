package securitygroup_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const (
	app      = "0a1b2c3d-0000-4000-8000-00000000000a"
	otherApp = "0a1b2c3d-0000-4000-8000-00000000000b"
	farApp   = "0a1b2c3d-0000-4000-8000-00000000000c" // in another space
	group    = "0a1b2c3d-0000-4000-8000-000000000001"
	shared   = "0a1b2c3d-0000-4000-8000-000000000002"
)

var operator = cf.Client{ID: "cf-helm-broker", Secret: "not to be told", Authorities: []string{"cloud_controller.admin"}}

// world is a foundation, and what is at the ends of policies.
var errHidden = errors.New("the cluster doesn't answer")

type world struct {
	*cf.Server
	mu     sync.Mutex
	spaces map[string]string // of apps
	pods   map[string][]netip.Addr
	closed policy.Set // what no record needs any more
	hidden string     // the policy group whose pods can't be asked about
}

func newWorld(t testing.TB, options cf.Options) *world {
	t.Helper()
	if options.Client.ID == "" {
		options.Client = operator
	}
	s, err := cf.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &world{
		Server: s,
		spaces: map[string]string{app: s.Space(), otherApp: s.Space(), farApp: s.AddSpace("demo", "far")},
		pods:   map[string][]netip.Addr{group: addresses("10.0.0.1", "10.0.0.2", "10.0.0.9"), shared: addresses("10.1.0.1")},
		closed: policy.Set{},
	}
}

func (w *world) App(guid string) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	space, found := w.spaces[guid]
	return space, found
}

func (w *world) Addresses(_ context.Context, group string) ([]netip.Addr, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if group == w.hidden {
		return nil, false, errHidden
	}
	pods, found := w.pods[group]
	return pods, found, nil
}

func (w *world) Needed(_ context.Context, policies []policy.Policy) ([]policy.Policy, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(policies), w.closed.Has), nil
}

// run has the pods of group be ready at these addresses.
func (w *world) run(addresses ...netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pods[group] = addresses
}

// replica is one broker's enforcer.
func (w *world) replica(settings securitygroup.Settings) *securitygroup.Enforcer {
	api := cfapi.New(cfapi.Settings{CFAPIAddress: w.URL(), ClientID: w.Client().ID, ClientSecret: w.Client().Secret, Timeout: time.Minute}, func(string, error) {})
	return securitygroup.New(api, w, settings)
}

func addresses(texts ...string) (all []netip.Addr) {
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func create(t *testing.T, e policy.Enforcer, policies ...policy.Policy) {
	t.Helper()
	if err := e.Create(t.Context(), policies); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, e policy.Enforcer, policies ...policy.Policy) {
	t.Helper()
	if err := e.Delete(t.Context(), policies); err != nil {
		t.Fatal(err)
	}
}

// missing fails unless of the policies just these are missing.
func missing(t *testing.T, e policy.Enforcer, of []policy.Policy, want ...policy.Policy) {
	t.Helper()
	got, err := e.Missing(t.Context(), of)
	if err != nil || !policy.Same(got, want) {
		t.Errorf("missing are %+v (%v), want %+v", got, err, want)
	}
}

// rules are those of the only group, as "protocol destination:ports".
func (w *world) rules(t *testing.T) (texts []string) {
	t.Helper()
	groups := w.SecurityGroups()
	if len(groups) != 1 {
		t.Fatalf("%d groups, want one: %+v", len(groups), groups)
	}
	for _, r := range groups[0].Rules {
		texts = append(texts, r.Protocol+" "+r.Destination+":"+r.Ports)
	}
	return texts
}
