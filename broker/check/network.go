package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check/probe"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// Network is the broker's own cluster, on which a self-test sees what becomes of packets: from
// a pod of one instance to a pod of another, before, while and after a policy lets them pass.
// Both are in namespaces as instances have, and what opens and closes is what does so for
// bindings. Only the pod that asks is no app.
type Network struct {
	Clients    kubernetes.Interface
	Namespaces *tenant.Namespaces
	// Prefix begins the names of namespaces.
	Prefix string
	// Image is this broker's.
	Image string
	// C2C enforces policies on Silk; nil: it isn't to.
	C2C                             policy.Enforcer
	NetworkPolicies, SecurityGroups bool
}

const network = "network"

// NotTried says that the network wasn't looked at.
func NotTried() Look {
	return Look{network, func(context.Context) []Finding {
		return one(unknown("whether it enforces policies wasn't looked at").cure("broker check --network makes two pods and tries it with packets"))
	}}
}

const (
	// startPatience is how long pods may take to run: the image has to come to their nodes.
	startPatience = 2 * time.Minute
	// silencePatience is how long a network may take to close new pods.
	silencePatience = 10 * time.Second
	// changePatience is how long it may take to follow a policy.
	changePatience = time.Minute
	// tryLimit ends a self-test; what is older than leftAge is left by one that was killed.
	tryLimit = 8 * time.Minute
	leftAge  = 10 * time.Minute
)

// Try makes the pods, tells what it finds as it comes, and removes them.
func (n Network) Try(ctx context.Context, tell func(Finding)) {
	told := func(f Finding) {
		f.Subject = network
		tell(f)
	}
	n.RemoveLeft(ctx, time.Now(), told)
	if n.SecurityGroups {
		told(unknown("security groups let packets out of apps' cells, where the broker can have no pod").
			cure("bind an app and restart it: by cf ssh, connections to the address in its credentials are to fail before, and within two minutes of cf unbind-service"))
	}
	if n.C2C == nil && !n.NetworkPolicies {
		if !n.SecurityGroups {
			told(warning("ENFORCE names none, and the broker keeps nobody from instances' pods").cure("set ENFORCE where a network enforces policies: docs/policies.md"))
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	t := n.trial(uuid.NewString())
	defer n.remove(ctx, t, told)
	err := n.try(ctx, t, told)
	switch {
	case err != nil && ctx.Err() != nil:
		told(unknown("it was ended before that was seen: %v", context.Cause(ctx)))
	case err != nil:
		told(unknown("it can't be tried: %v", err).
			cure("see that the cluster's nodes can pull %s and that nothing keeps the pod from running, or give --image another image of this very broker", n.Image))
	}
}

func (n Network) try(ctx context.Context, t trial, told func(Finding)) error {
	enforcers, err := n.enforcers(t)
	if err != nil {
		return err
	}
	listener, err := n.run(ctx, t.listens, n.listener(t))
	if err != nil {
		return err
	}
	dialler, err := n.run(ctx, t.dials, n.dialler(t, listener))
	if err != nil {
		return err
	}
	way := fmt.Sprintf("from node %s to node %s", dialler.Spec.NodeName, listener.Spec.NodeName)
	report, err := n.report(ctx, dialler, probe.Silent, 2*silencePatience)
	if err != nil {
		return err
	}
	found := judgeBefore(report, way)
	for _, next := range []step{{probe.Answered, policy.Enforcer.Create}, {probe.Closed, policy.Enforcer.Delete}} {
		told(n.withCure(found))
		if found.State == Failed {
			return nil
		}
		if found, err = n.take(ctx, next, t, enforcers, dialler); err != nil {
			return err
		}
	}
	told(n.withCure(found))
	return nil
}

// step changes what is open, as a bind or an unbind does, until the dialler has seen it.
type step struct {
	until  probe.Until
	change func(policy.Enforcer, context.Context, []policy.Policy) error
}

func (n Network) take(ctx context.Context, s step, t trial, enforcers []policy.Enforcer, dialler *corev1.Pod) (Finding, error) {
	begun := time.Now()
	for _, e := range enforcers {
		if err := s.change(e, ctx, []policy.Policy{t.policy}); err != nil {
			return Finding{}, fmt.Errorf("opening or closing its policy: %w", err)
		}
	}
	if n.C2C != nil { // the other node stands for a cell, which isn't told to look
		if _, err := n.Namespaces.MarkAccess(ctx, t.listens); err != nil {
			return Finding{}, err
		}
	}
	report, err := n.report(ctx, dialler, s.until, changePatience)
	if s.until == probe.Answered && errors.Is(err, errLate) && lost(ctx, t, enforcers) {
		return Finding{}, errors.New("its policy was lost meanwhile, as to a cleanup of Cloud Foundry's policy server")
	}
	if err != nil && !errors.Is(err, errLate) {
		return Finding{}, err
	}
	return judgeChange(s.until, report, begun, time.Now()), nil
}

func lost(ctx context.Context, t trial, enforcers []policy.Enforcer) bool {
	for _, e := range enforcers {
		if missing, err := e.Missing(ctx, []policy.Policy{t.policy}); err == nil && len(missing) > 0 {
			return true
		}
	}
	return false
}

// judgeBefore judges what a pod gets while no policy lets anything pass.
func judgeBefore(r probe.Report, way string) Finding {
	switch {
	case !r.Met:
		return failed("without a policy %d of %d connections to an instance's pod are answered, %s: nothing keeps anybody out", r.Answers, r.Tries, way)
	case r.Answers > 0:
		return warning("a new pod is open, %s, until %s after another has begun to ask it; then none of its connections is answered without a policy",
			way, r.Last.Sub(r.Began).Round(time.Millisecond))
	}
	return ok("without a policy none of %d connections to an instance's pod is answered, %s", r.Tries, way)
}

// judgeChange judges how packets have followed a policy that was asked for, or revoked, when
// it begun, by what the dialler has told by the time that it was seen.
func judgeChange(until probe.Until, r probe.Report, begun, seen time.Time) Finding {
	switch {
	case until == probe.Answered && !r.Met:
		return failed("with a policy that lets it pass no connection is answered within %s", changePatience)
	case until == probe.Answered:
		return ok("with a policy they are answered, the first one %s it was asked for", after(begun, r.First, seen))
	case !r.Met:
		return failed("after the policy was revoked connections are answered for more than %s", changePatience)
	}
	return ok("after it was revoked none is answered any more, the last one %s that was asked for", after(begun, r.Last, seen))
}

// skew is how much sooner than asked something may seem to have come: by the time between two
// tries, and as clocks are apart.
const skew = time.Second

// after says how long after begun, by this host's clock, something came that a node's clock
// says the time of, and that was seen here by then. Where the clocks are apart that is all that
// can be said.
func after(begun, at, seen time.Time) string {
	if at.Before(begun.Add(-skew)) || at.After(seen) {
		return fmt.Sprintf("at most %s after", seen.Sub(begun).Round(time.Millisecond))
	}
	return fmt.Sprintf("%s after", max(0, at.Sub(begun)).Round(time.Millisecond))
}

// withCure says what to look at where packets don't go by policies.
func (n Network) withCure(f Finding) Finding {
	const silk = "pods have to be on Silk, and c2c-cni check has to find nothing wrong on both nodes: docs/silk-worker.md"
	const plugin = "the cluster's network plugin has to enforce NetworkPolicies, and no other may be in the way: docs/policies.md"
	switch {
	case f.State == OK:
		return f
	case n.C2C == nil:
		return f.cure(plugin)
	case !n.NetworkPolicies:
		return f.cure(silk)
	}
	return f.cure(silk + "; or " + plugin)
}

// enforcers are those of the networks that policies are enforced on, which know of the trial.
func (n Network) enforcers(t trial) (all []policy.Enforcer, err error) {
	if n.C2C != nil {
		all = append(all, n.C2C)
	}
	if n.NetworkPolicies {
		// No namespace is called so, and no broker with it.
		byPolicies, err := networkpolicy.New(networkpolicy.Settings{Broker: "broker_check"}, n.Clients, places{n.Clients, t})
		if err != nil {
			return nil, err
		}
		all = append(all, byPolicies)
	}
	return all, nil
}
