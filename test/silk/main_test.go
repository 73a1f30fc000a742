package silk_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

// The overlay that most tests share, each with groups of its own.
var (
	overlay *silk.Overlay
	server  *cf.Server
	// missing is why there is none.
	missing error
)

// manual is for overlays on which polls happen when asked for.
const manual = time.Hour

func TestMain(m *testing.M) {
	if os.Getenv(killedEnv) != "" {
		runUntilKilled()
	}
	if missing = silk.Missing(); missing != nil {
		os.Exit(m.Run())
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	var err error
	if server, err = cf.Start(cf.Options{}); err != nil {
		panic(err)
	}
	defer server.Close()
	overlay, err = silk.Start(context.Background(), silk.Options{Nodes: []string{"cell", "worker", "worker2"}, PolicyServer: server.URL(), PollInterval: manual})
	if err != nil {
		panic(err)
	}
	defer func() {
		if err := overlay.Close(); err != nil {
			panic(err)
		}
	}()
	return m.Run()
}

// skipWithoutOverlay skips a test. make test says so once more where everybody sees it.
func skipWithoutOverlay(t *testing.T) {
	t.Helper()
	if missing != nil {
		t.Skipf("NO PACKET IS SENT: %v", missing)
	}
}

// fabric is an overlay as one test uses it.
type fabric struct {
	t       *testing.T
	overlay *silk.Overlay
	server  *cf.Server
}

func shared(t *testing.T) *fabric {
	t.Helper()
	skipWithoutOverlay(t)
	t.Parallel()
	return &fabric{t, overlay, server}
}

// own is an overlay, and a policy server, of the test's own.
func own(t *testing.T, options silk.Options) *fabric {
	t.Helper()
	skipWithoutOverlay(t)
	t.Parallel()
	s, err := cf.Start(cf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	options.PolicyServer = s.URL()
	o, err := silk.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return &fabric{t, o, s}
}

func (f *fabric) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// workload is one of a group of its own that says its name on the port.
type workload struct {
	*silk.Workload
	group string
}

const port = 8080

// run starts a workload on a node, in a group of its own or in one that is given.
func (f *fabric) run(node string, group ...string) workload {
	f.t.Helper()
	w := workload{group: uuid.NewString()}
	if len(group) > 0 {
		w.group = group[0]
	}
	var err error
	w.Workload, err = f.overlay.Node(node).RunApp(uuid.NewString(), w.group)
	f.must(err)
	f.t.Cleanup(func() {
		if err := w.Stop(); err != nil {
			f.t.Error(err)
		}
	})
	f.serve(w, port)
	return w
}

func (f *fabric) serve(w workload, port int) {
	f.t.Helper()
	listening, err := w.Serve(port, w.ID)
	f.must(err)
	f.t.Cleanup(func() { _ = listening.Close() })
}

// allow adds a policy for the port, without a poll.
func (f *fabric) allow(from, to workload) {
	f.t.Helper()
	f.must(f.server.AddPolicies(cf.NewPolicy(from.group, to.group, "tcp", port, port)))
}

func (f *fabric) forbid(from, to workload) {
	f.server.DeletePolicies(cf.NewPolicy(from.group, to.group, "tcp", port, port))
}

// poll has the agents of nodes poll now.
func (f *fabric) poll(nodes ...string) {
	f.t.Helper()
	for _, node := range nodes {
		f.must(f.overlay.Node(node).PollNow(f.t.Context()))
	}
}

// answer is what from gets on a port of to.
func (f *fabric) answer(from silk.Namespace, to workload, port int) string {
	f.t.Helper()
	said, err := from.Ask(f.t.Context(), to.Address, port)
	f.must(err)
	return said
}

func (f *fabric) allowed(from, to workload) {
	f.t.Helper()
	if said := f.answer(from.Namespace, to, port); said != to.ID {
		f.t.Errorf("%s is answered by %q, want %s", from.Address, said, to.ID)
	}
}

func (f *fabric) denied(from, to workload) {
	f.t.Helper()
	if said := f.answer(from.Namespace, to, port); said != silk.Denied {
		f.t.Errorf("%s is answered by %q, want it denied", from.Address, said)
	}
}
