package c2c_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/contract"
)

const app, group = "0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b"

func stand(t *testing.T, options cf.Options) *cf.Server {
	t.Helper()
	s, err := cf.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddApp(cf.App{GUID: app})
	return s
}

func settings(s *cf.Server) c2c.Settings {
	return c2c.Settings{Settings: cfapi.Settings{CFAPIAddress: s.URL(), ClientID: s.Client().ID, ClientSecret: s.Client().Secret, Timeout: time.Minute}}
}

func connect(s *cf.Server) *c2c.Client {
	return c2c.New(settings(s), func(string, error) {})
}

func TestContract(t *testing.T) {
	contract.Enforcer(t, connect(stand(t, cf.Options{})),
		policy.To(app, group, "tcp", 5432), policy.To(app, group, "udp", 53), policy.Range(group, group, "tcp", 8080, 8081), policy.To(group, app, "tcp", 80))
}

func TestLifeOfAPolicy(t *testing.T) {
	s := stand(t, cf.Options{})
	client := connect(s)
	policies := []policy.Policy{policy.To(app, group, "tcp", 5432), policy.To(app, group, "udp", 53)}
	for range 2 { // twice: every call may be repeated
		if err := client.Create(t.Context(), policies); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := client.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(policy.Unique(listed), policy.Unique(policies)) {
		t.Errorf("listed %+v, want %+v", listed, policies)
	}
	for range 2 {
		if err := client.Delete(t.Context(), policies); err != nil {
			t.Fatal(err)
		}
	}
	if left := s.Policies(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	if err := client.LastError(); err != nil {
		t.Errorf("the last call went well, and LastError is %v", err)
	}
}

// TestTLS accepts the stand-in's self-made certificate only when told to.
func TestTLS(t *testing.T) {
	s := stand(t, cf.Options{TLS: true})
	if _, err := connect(s).List(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
	careless := settings(s)
	careless.SkipTLSValidation = true
	if _, err := c2c.New(careless, func(string, error) {}).List(t.Context()); err != nil {
		t.Error(err)
	}
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// TestTokenEndsEarly has UAA's clock run ahead: the client takes its token for
// good, the policy server doesn't.
func TestTokenEndsEarly(t *testing.T) {
	c := &clock{now: time.Now()}
	s := stand(t, cf.Options{TokenLife: time.Minute, Clock: c.Now})
	client := connect(s)
	for n := range 3 {
		if _, err := client.List(t.Context()); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
		c.advance(2 * time.Minute)
	}
}

// TestShortTokens lets many callers share tokens that end all the time.
func TestShortTokens(t *testing.T) {
	s := stand(t, cf.Options{TokenLife: time.Second})
	client := connect(s)
	var callers sync.WaitGroup
	for range 10 {
		callers.Go(func() {
			for range 20 {
				if err := client.Create(t.Context(), []policy.Policy{policy.To(app, group, "tcp", 1)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// TestOneDiscovery lets callers that come at the same time share one search.
func TestOneDiscovery(t *testing.T) {
	s := stand(t, cf.Options{})
	s.Fault(cf.APIRoot, cf.Fault{Kind: cf.Slow, Delay: 200 * time.Millisecond})
	client := connect(s)
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			if _, err := client.List(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if asked := s.Requests(); asked["GET /"] != 1 || asked["POST /uaa/oauth/token"] != 1 {
		t.Errorf("the API root was asked %d times and UAA %d times, want once each", asked["GET /"], asked["POST /uaa/oauth/token"])
	}
}

// TestBackAgain finds everything anew after CF was away.
func TestBackAgain(t *testing.T) {
	s := stand(t, cf.Options{})
	client := connect(s)
	s.Fault(cf.APIRoot, cf.Fault{Kind: cf.Down})
	if _, err := client.List(t.Context()); err == nil {
		t.Fatal("CF is down, and the call went well")
	}
	s.Clear()
	if _, err := client.List(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWithout(t *testing.T) {
	one, two := policy.To(app, group, "tcp", 1), policy.To(app, group, "tcp", 2)
	wide := one
	wide.Destination.Ports.End = 2
	for name, c := range map[string]struct{ have, drop, want []policy.Policy }{
		"nothing":    {nil, nil, nil},
		"one":        {[]policy.Policy{one, two}, []policy.Policy{one}, []policy.Policy{two}},
		"all":        {[]policy.Policy{one}, []policy.Policy{two, one}, nil},
		"wider":      {[]policy.Policy{one}, []policy.Policy{wide}, []policy.Policy{one}},
		"none there": {nil, []policy.Policy{one}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := policy.Without(c.have, c.drop); !slices.Equal(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}
