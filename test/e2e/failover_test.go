package e2e

import (
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// replica starts another broker on the same records and returns it.
func (f *foundation) replica() *rig.Broker {
	f.t.Helper()
	other, err := rig.Start(f.t.Context(), binary, f.settings, nil)
	f.must(err)
	f.t.Cleanup(func() {
		_ = other.Kill() // unless the test has ended it
		if strings.Contains(other.Log(), "DATA RACE") || f.t.Failed() {
			f.t.Errorf("the other broker's log:\n%s", rig.WithoutPolls(other.Log()))
		}
	})
	return other
}

func leads(b *rig.Broker) bool { return strings.Contains(b.Log(), "worker.leading\"") }

// stuck begins a create that waits for its pod, and returns when it does.
func (f *foundation) stuck() (rig.Instance, string) {
	f.t.Helper()
	i := f.instance("fixture", "plain")
	operation := f.want(202)(f.Provision(f.t.Context(), i, map[string]any{"image": "fault.local/never-ready:1"})).Operation()
	f.eventually("the create waits for its pod", func() bool {
		_, o, err := f.LastOperation(f.t.Context(), i, operation)
		f.must(err)
		return strings.Contains(o.Description, "pods ready")
	})
	return i, operation
}

// TestFailover has the other replica carry on when the leading one is killed
// or stopped. A Lease of a minute shows that an orderly stop gives it up.
func TestFailover(t *testing.T) {
	for name, c := range map[string]struct {
		end      func(*rig.Broker) error
		duration string
	}{
		"killed":  {(*rig.Broker).Kill, "3s"},
		"stopped": {(*rig.Broker).Stop, "60s"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts", map[string]string{"LEASE_DURATION": c.duration, "OPERATION_TIMEOUT": "15s"})
			f.eventually("the first one leads", func() bool { return leads(f.broker) })
			other := f.replica()
			i, operation := f.stuck()
			ended := time.Now()
			f.must(c.end(f.broker))
			f.Client = other.Client()
			f.eventually("the other one leads", func() bool { return leads(other) })
			t.Logf("taken over %s after the first one had ended", time.Since(ended).Round(time.Millisecond))
			if o := f.ended(i, operation); o.State != "failed" || !strings.Contains(o.Description, "0 of 1 pods ready") {
				t.Errorf("the create ended as %+v", o)
			}
			f.must(other.Stop())
			f.settings["OPERATION_TIMEOUT"] = patience.String()
			f.start()
			f.delete(i)
		})
	}
}

// TestPausedLeader freezes the leading replica until another has taken over:
// when it goes on it writes nothing more, and asks for the Lease again. It hasn't
// died, whatever the other one took it for.
func TestPausedLeader(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	f.eventually("the first one leads", func() bool { return leads(f.broker) })
	other := f.replica()
	i, _ := f.stuck()
	goesOn, _ := f.stuck()
	holders := func() int { return len(f.shown(goesOn).Operation.Holders) }
	f.must(f.broker.Signal(syscall.SIGSTOP))
	frozen := f.broker
	f.Client = other.Client()
	f.eventually("the other one leads", func() bool { return leads(other) })
	f.eventually("it has taken over", func() bool { return holders() == 2 })
	f.delete(i)
	f.must(frozen.Signal(syscall.SIGCONT))
	f.eventually("the first one leads no longer", func() bool { return strings.Contains(frozen.Log(), "leading-no-longer") })
	f.nothingLeft(i)
	f.eventually("the first one has told that it lives", func() bool { return holders() == 1 })
	f.delete(goesOn)
	// Both answer as before.
	next := f.create("fixture", "plain", nil)
	f.Client = frozen.Client()
	f.want(201)(f.Bind(t.Context(), next, uuid.NewString(), f.app()))
	f.delete(next)
}

// TestTwoReplicasAtOnce sends the same requests to both.
func TestTwoReplicasAtOnce(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	both := []*rig.Client{f.Client, f.replica().Client()}
	atOnce := func(send func(c *rig.Client) (rig.Answer, error)) []rig.Answer {
		answers := make([]rig.Answer, len(both))
		var all sync.WaitGroup
		for n, c := range both {
			all.Go(func() {
				answer, err := send(c)
				if err != nil {
					t.Error(err)
				}
				answers[n] = answer
			})
		}
		all.Wait()
		return answers
	}
	for range 5 {
		i := f.instance("fixture", "plain")
		created := atOnce(func(c *rig.Client) (rig.Answer, error) { return c.Provision(t.Context(), i, nil) })
		if created[0].Status != 202 || created[1].Status != 202 || created[0].Operation() != created[1].Operation() {
			t.Fatalf("the same create got %d %s and %d %s", created[0].Status, created[0].Body, created[1].Status, created[1].Body)
		}
		f.ready(i, created[0].Operation())
		app, binding := f.app(), uuid.NewString()
		bound := atOnce(func(c *rig.Client) (rig.Answer, error) { return c.Bind(t.Context(), i, binding, app) })
		for _, answer := range bound {
			if answer.Status != 200 && answer.Status != 201 && answer.Status != 422 {
				t.Errorf("the same bind got %d %s", answer.Status, answer.Body)
			}
		}
		f.want(200)(f.Bind(t.Context(), i, binding, app))
		deleted := atOnce(func(c *rig.Client) (rig.Answer, error) { return c.Deprovision(t.Context(), i) })
		if deleted[0].Status != 202 || deleted[1].Status != 202 || deleted[0].Operation() != deleted[1].Operation() {
			t.Errorf("the same delete got %d %s and %d %s", deleted[0].Status, deleted[0].Body, deleted[1].Status, deleted[1].Body)
		}
		if o := f.ended(i, deleted[0].Operation()); o.State != "gone" {
			t.Errorf("the delete ended as %+v", o)
		}
		f.nothingLeft(i)
	}
}

// TestCreateAndDeleteAtOnce sends a create to one replica and a delete to the
// other: whichever comes first, nothing half-made stays.
func TestCreateAndDeleteAtOnce(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	other := f.replica().Client()
	for range 8 {
		i := f.instance("fixture", "plain")
		var created, deleted rig.Answer
		var both sync.WaitGroup
		both.Go(func() { created = f.want(202)(f.Provision(t.Context(), i, nil)) })
		both.Go(func() {
			var err error
			if deleted, err = other.Deprovision(t.Context(), i); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		switch deleted.Status {
		case 410: // it came first
			f.ready(i, created.Operation())
			f.delete(i)
		case 202:
			if o := f.ended(i, deleted.Operation()); o.State != "gone" {
				t.Errorf("the delete ended as %+v", o)
			}
			f.nothingLeft(i)
		default:
			t.Errorf("the delete got %d %s", deleted.Status, deleted.Body)
		}
	}
}

// TestQuotaOnTwoReplicas never lets in more instances than there may be of a
// plan, in a space or in an organization.
func TestQuotaOnTwoReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		charts, service, plan string
		settings              map[string]string
		words                 string
	}{
		"plan":         {extrasChart, "extras", "two", nil, "the plan two is used up"},
		"service":      {"charts-quota", "limited", "default", nil, "the service limited is used up"},
		"space":        {"charts", "fixture", "plain", map[string]string{"QUOTA_PER_SPACE": "2"}, "what this space may have of this broker is used up"},
		"organization": {"charts", "fixture", "plain", map[string]string{"QUOTA_PER_ORGANIZATION": "2"}, "what your organization may have of this broker is used up"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, c.charts, c.settings)
			f.quotaHolds(func() rig.Instance { return f.instance(c.service, c.plan) }, c.words)
		})
	}
}

// quotaHolds fails unless of eight creates at once, at two replicas, two at most
// are let in, and the others are told why not.
func (f *foundation) quotaHolds(next func() rig.Instance, words string) {
	f.t.Helper()
	both := []*rig.Client{f.Client, f.replica().Client()}
	for range 2 {
		var all sync.WaitGroup
		accepted := make(chan rig.Instance, 8)
		for n := range cap(accepted) {
			i := next()
			all.Go(func() {
				answer, err := both[n%2].Provision(f.t.Context(), i, nil)
				switch {
				case err == nil && answer.Status == 202:
					accepted <- i
				case err != nil || answer.Status != 422 || !strings.Contains(answer.Description(), words):
					f.t.Errorf("a create got %d %s, %v", answer.Status, answer.Body, err)
				}
			})
		}
		all.Wait()
		close(accepted)
		if len(accepted) > 2 {
			f.t.Errorf("%d instances were let in, of 2 that there may be", len(accepted))
		}
		for i := range accepted {
			f.ready(i, "")
			f.delete(i)
		}
		f.eventually("those that gave way are gone", func() bool { return f.recordCount() == 0 })
	}
}
