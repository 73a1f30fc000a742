package silk_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
)

func TestWithoutAPolicyPacketsAreDenied(t *testing.T) {
	f := shared(t)
	app, near, far := f.run("cell"), f.run("cell"), f.run("worker")
	f.denied(app, far)
	f.denied(far, app)
	f.denied(app, near)
}

func TestWithoutAGroupPacketsAreDenied(t *testing.T) {
	f := shared(t)
	one, other := f.run("worker", ""), f.run("worker", "")
	f.denied(one, other)
}

func TestAPolicyLetsOneGroupToAnother(t *testing.T) {
	f := shared(t)
	app, other, pod, near := f.run("cell"), f.run("cell"), f.run("worker"), f.run("cell")
	f.allow(app, pod)
	f.allow(app, near)
	f.poll("cell", "worker")
	f.allowed(app, pod)
	f.allowed(app, near)
	f.denied(other, pod)
	f.denied(pod, app)
}

func TestAPolicyLetsToItsPorts(t *testing.T) {
	f := shared(t)
	app, pod := f.run("cell"), f.run("worker")
	f.serve(pod, port+1)
	f.allow(app, pod)
	f.poll("cell", "worker")
	f.allowed(app, pod)
	if said := f.answer(app.Namespace, pod, port+1); said != silk.Denied {
		t.Errorf("the other port is answered by %q", said)
	}
}

func TestWithoutAPolicyToItselfAGroupIsDeniedToo(t *testing.T) {
	f := shared(t)
	one := f.run("worker")
	near, far := f.run("worker", one.group), f.run("worker2", one.group)
	f.denied(one, near)
	f.denied(one, far)
	f.allow(one, one)
	f.poll("worker", "worker2")
	f.allowed(one, near)
	f.allowed(one, far)
	f.allowed(far, one)
}

func TestPolicyTakenAwayDeniesNewConnectionsOnly(t *testing.T) {
	f := shared(t)
	app, pod := f.run("cell"), f.run("worker")
	f.allow(app, pod)
	f.poll("cell", "worker")
	open := f.keepOpen(app, pod)
	f.forbid(app, pod)
	f.poll("worker")
	f.denied(app, pod)
	if err := open(); err != nil {
		t.Errorf("the connection from before: %v", err)
	}
}

// A node's own packets to its pods are filtered by nothing, as kubelets' probes need.
func TestANodeReachesItsOwnPods(t *testing.T) {
	f := shared(t)
	pod := f.run("worker")
	if said := f.answer(f.overlay.Node("worker").Namespace, pod, port); said != pod.ID {
		t.Errorf("the node is answered by %q", said)
	}
}

// So BOSH DNS can't forward to a DNS pod.
func TestACellIsDeniedToPodsOfAWorker(t *testing.T) {
	f := shared(t)
	pod := f.run("worker")
	if said := f.answer(f.overlay.Node("cell").Namespace, pod, port); said != silk.Denied {
		t.Errorf("the cell is answered by %q", said)
	}
}

// A tag counts that the node gives, and none that a container gives itself.
func TestAContainersOwnMarkIsLost(t *testing.T) {
	f := shared(t)
	app, pod, stranger := f.run("cell"), f.run("worker"), f.run("worker")
	f.allow(app, pod)
	f.poll("cell", "worker")
	f.must(stranger.MarkAll(f.tag(app.group)))
	f.denied(stranger, pod)
}

func TestPoliciesAreHeardOfWithinAPoll(t *testing.T) {
	f := own(t, silk.Options{Nodes: []string{"cell", "worker"}, PollInterval: 500 * time.Millisecond})
	app, pod := f.run("cell"), f.run("worker")
	f.allow(app, pod)
	if took := f.until(app, pod, pod.ID); took > 5*time.Second {
		t.Errorf("allowed after %s", took)
	}
	f.forbid(app, pod)
	if took := f.until(app, pod, silk.Denied); took > 5*time.Second {
		t.Errorf("denied after %s", took)
	}
}

// The destination's node alone, since an app that has been a source has its tag.
func TestAPollThatIsAskedForIsDoneWhenAnswered(t *testing.T) {
	f := shared(t)
	app, first, pod := f.run("cell"), f.run("worker"), f.run("worker")
	f.allow(app, first)
	f.poll("cell")
	f.allow(app, pod)
	f.denied(app, pod)
	f.poll("worker")
	f.allowed(app, pod)
}

func TestAnAppThatWasNoSourceNeedsItsCellToPoll(t *testing.T) {
	f := own(t, silk.Options{Nodes: []string{"cell", "worker"}, PollInterval: manual})
	app, pod := f.run("cell"), f.run("worker")
	f.allow(app, pod)
	f.poll("worker")
	f.denied(app, pod)
	f.poll("cell")
	f.allowed(app, pod)
}

// Its start ends with a poll.
func TestAPodThatStartsHasItsPolicies(t *testing.T) {
	f := shared(t)
	app, old := f.run("cell"), f.run("worker")
	f.allow(app, old)
	f.poll("cell")
	f.allowed(app, f.run("worker", old.group))
}

func TestARestartedPodsAddressIsAnotherSoon(t *testing.T) {
	f := own(t, silk.Options{Nodes: []string{"worker"}, PollInterval: manual, LeaseBits: 29})
	node := f.overlay.Node("worker")
	first := f.run("worker")
	var seen []netip.Addr
	for range 5 {
		w, err := node.RunApp(uuid.NewString(), "")
		f.must(err)
		seen = append(seen, w.Address)
		f.must(w.Stop())
	}
	if seen[0] != seen[4] || seen[0] == seen[1] || seen[0] == first.Address {
		t.Errorf("of a lease of 5 addresses were given %v beside %s: want them in turn", seen, first.Address)
	}
}

func TestAFullLeaseIsTold(t *testing.T) {
	f := own(t, silk.Options{Nodes: []string{"worker"}, PollInterval: manual, LeaseBits: 29})
	for range 5 {
		f.run("worker")
	}
	_, err := f.overlay.Node("worker").RunApp(uuid.NewString(), "")
	if err == nil || !strings.Contains(err.Error(), "no IP addresses available in range set") {
		t.Errorf("the sixth of five: %v", err)
	}
}

func TestWithoutThePolicyServerRulesStay(t *testing.T) {
	f := own(t, silk.Options{Nodes: []string{"cell", "worker"}, PollInterval: manual})
	app, pod := f.run("cell"), f.run("worker")
	f.allow(app, pod)
	f.poll("cell", "worker")
	f.server.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.ServerError})
	if f.overlay.Node("worker").PollNow(t.Context()) == nil {
		t.Error("the poll went well")
	}
	f.allowed(app, pod)
	if _, err := f.overlay.Node("worker").RunApp(uuid.NewString(), pod.group); err == nil {
		t.Error("a pod starts without its policies")
	}
	f.server.Clear()
}

// kubeProxy is the rule that kube-proxy in iptables mode puts before all others, with
// the mark of its masqueradeBit: 14 by default, 30 at a Silk worker.
func kubeProxy(mark string) string {
	return "*filter\n:KUBE-FORWARD - [0:0]\n-I FORWARD 1 -j KUBE-FORWARD\n-A KUBE-FORWARD -m mark --mark " + mark + "/" + mark + " -j ACCEPT\nCOMMIT\n"
}

// The trap for which c2c-cni guards a worker.
func TestTagsFrom0x4000ReachEverythingBesideKubeProxy(t *testing.T) {
	for name, bit := range map[string]struct{ mark, want string }{
		"as kube-proxy is by default": {"0x4000", "everything"},
		"with masqueradeBit 30":       {"0x40000000", silk.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			f := own(t, silk.Options{Nodes: []string{"cell", "worker"}, PollInterval: manual})
			low, high, pod, other := f.run("cell"), f.run("cell"), f.run("worker"), f.run("worker")
			f.must(f.overlay.Node("worker").AddRules(kubeProxy(bit.mark)))
			f.allow(low, pod)
			f.takeTags(0x4000)
			f.allow(high, pod)
			f.poll("cell", "worker")
			if tag := f.tag(high.group); tag < 0x4000 {
				t.Fatalf("the tag is %#x", tag)
			}
			f.allowed(low, pod)
			f.denied(low, other)
			f.allowed(high, pod)
			want := bit.want
			if want == "everything" {
				want = other.ID
			}
			if said := f.answer(high.Namespace, other, port); said != want {
				t.Errorf("a pod that no policy is about answers %q, want %q", said, want)
			}
		})
	}
}
