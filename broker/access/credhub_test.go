package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// inMemory is a CredHub that may be down.
type inMemory struct {
	down error
	kept []string
}

func (c *inMemory) Name(service, binding string) string { return "/" + service + "/" + binding }

func (c *inMemory) Keep(_ context.Context, name, reader string, credentials json.RawMessage) error {
	c.kept = append(c.kept, name+" "+reader+" "+string(credentials))
	return c.down
}

func (c *inMemory) Forget(_ context.Context, name, _ string) error {
	if c.down == nil {
		c.kept = slices.DeleteFunc(c.kept, func(kept string) bool { return kept == name })
	}
	return c.down
}

func (c *inMemory) Left(_ context.Context, names []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(c.kept, name) }), c.down
}

// TestKeptFor: an app reads its own credentials, the platform's client a service key's, and
// where nobody would read them they are handed out.
func TestKeptFor(t *testing.T) {
	for name, c := range map[string]struct {
		on   CredHub
		b    record.Binding
		want *record.CredHub
	}{
		"an app":                 {&inMemory{}, record.Binding{ID: "b", AppGUID: "a"}, &record.CredHub{Name: "/db/b", Reader: "mtls-app:a"}},
		"an app before a client": {&inMemory{}, record.Binding{ID: "b", AppGUID: "a", CredentialClient: "cc"}, &record.CredHub{Name: "/db/b", Reader: "mtls-app:a"}},
		"a key":                  {&inMemory{}, record.Binding{ID: "b", CredentialClient: "cc"}, &record.CredHub{Name: "/db/b", Reader: "uaa-client:cc"}},
		"a key for nobody":       {&inMemory{}, record.Binding{ID: "b"}, nil},
		"off":                    {nil, record.Binding{ID: "b", AppGUID: "a"}, nil},
	} {
		got := New(Settings{CredHub: c.on}, nil, nil, Networks{}, nil, lager.NewLogger("test")).KeptFor(c.b, "db")
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestUndoInCredHub: neither CredHub nor a network that is down keeps the other from being
// closed, and what isn't configured any more is told of.
func TestUndoInCredHub(t *testing.T) {
	records, err := record.NewStore(fake.NewClientset(), "records")
	if err != nil {
		t.Fatal(err)
	}
	away := errors.New("no answer")
	for name, c := range map[string]struct {
		network, credHub error
		off              bool
		kept             int
	}{
		"both are there":     {nil, nil, false, 0},
		"no network":         {away, nil, false, 0},
		"no CredHub":         {nil, away, false, 1},
		"CredHub turned off": {nil, nil, true, 1},
	} {
		b := record.Binding{ID: "b", InstanceID: "i", Policies: to("i", 1), Networks: []string{"n"}, SharedGroups: []string{"i"}, CredHub: &record.CredHub{Name: "/db/b"}}
		n, vault := &enforcer{down: c.network, open: policy.SetOf(b.Policies)}, &inMemory{down: c.credHub, kept: []string{"/db/b"}}
		var said bytes.Buffer
		log := lager.NewLogger("test")
		log.RegisterSink(lager.NewWriterSink(&said, lager.INFO))
		settings := Settings{CredHub: vault}
		if c.off {
			settings.CredHub = nil
		}
		a := New(settings, nil, records, Networks{Enforcers: map[string]policy.Enforcer{"n": n}}, measure.New(prometheus.NewRegistry()), log)
		err := a.undo(t.Context(), change{intent: b, close: closing(b, need{}), forget: true}, a.live)
		if failed := c.network != nil || c.credHub != nil; errors.Is(err, away) != failed || len(n.open) > 0 || len(vault.kept) != c.kept {
			t.Errorf("%s: %v; open are %v, kept is %v", name, err, n.open, vault.kept)
		}
		if told := bytes.Contains(said.Bytes(), []byte("/db/b")); told != c.off {
			t.Errorf("%s: the log has %s", name, said.String())
		}
	}
}

// TestPayableInCredHub: what is left in CredHub is removed whatever a network answers, and
// a binding whose credentials may be there isn't forgotten.
func TestPayableInCredHub(t *testing.T) {
	b := record.Binding{State: record.Revoking, Policies: to("i", 1), Networks: []string{"n"}, CredHub: &record.CredHub{Name: "/db/b"}}
	for name, c := range map[string]struct {
		network sight
		vault   *inMemory
		want    bool
	}{
		"left":                         {sight{}, &inMemory{kept: []string{"/db/b"}}, true},
		"left, beside a network down":  {sight{blind: true}, &inMemory{kept: []string{"/db/b"}}, true},
		"gone":                         {sight{}, &inMemory{}, true},
		"gone, beside a network down":  {sight{blind: true}, &inMemory{}, false},
		"unknown":                      {sight{}, &inMemory{down: errors.New("no answer")}, false},
		"unknown, and open on the net": {sight{found: policy.SetOf(b.Policies)}, &inMemory{down: errors.New("no answer")}, true},
	} {
		kept, err := (&Access{settings: Settings{CredHub: c.vault}}).lookIntoVault(t.Context(), []record.Binding{b, {State: record.Revoking}})
		if !errors.Is(err, c.vault.down) {
			t.Errorf("%s: %v", name, err)
		}
		if got := (sights{"n": c.network}).payable(b, kept, true); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestKeepTurnedOff: a binding that was to be kept in CredHub isn't made without it.
func TestKeepTurnedOff(t *testing.T) {
	a := &Access{}
	if err := a.keep(t.Context(), record.Binding{}); err != nil {
		t.Error(err)
	}
	if err := a.keep(t.Context(), record.Binding{CredHub: &record.CredHub{}}); err == nil {
		t.Error("it is made")
	}
}
