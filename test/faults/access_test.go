package faults

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestAccess has several people bind few apps to few instances, at two brokers,
// again and again, while policies are cleaned up, requests to Cloud Foundry
// and CredHub fail and brokers are killed. Whenever all is at rest, exactly the
// policies and credentials of the live bindings exist.
func TestAccess(t *testing.T) {
	t.Parallel()
	phases := 4
	if long {
		phases = 40
	}
	stormAccess(t, phases, map[string]string{"POLICY_RESYNC": "1s", credHubClient: "vault"})
}

func stormAccess(t *testing.T, phases int, settings map[string]string) {
	t.Helper()
	seed := stormSeed(t)
	s := &storm{world: newWorld(t, shared, 2, settings), random: rand.New(rand.NewPCG(seed, 0))}
	s.apps = s.someApps()
	instances := []*instance{s.newInstance(1), s.newInstance(2)}
	for _, i := range instances {
		s.create(i)
	}
	for phase := range uint64(phases) {
		s.phase(seed, phase, instances)
		if t.Failed() {
			return
		}
	}
	for _, i := range instances {
		s.delete(i)
	}
	s.rest()
}

// phase lets everybody work, then lets all come to rest.
func (s *storm) phase(seed, phase uint64, instances []*instance) {
	s.t.Helper()
	s.arm(1+s.random.IntN(40), s.random.IntN(2) == 0)
	s.breakPolicies()
	s.breakWrites()
	var working sync.WaitGroup
	for n := range uint64(4) {
		working.Go(func() { s.bindings(rand.New(rand.NewPCG(seed, 100*phase+n)), instances) })
	}
	working.Go(func() { s.meddle(rand.New(rand.NewPCG(seed, 100*phase+99))) })
	working.Go(func() { s.update(instances[phase%2], 10+int(phase)) })
	working.Go(func() { // with bindings that the platform leaves behind
		i := s.newInstance(3)
		s.create(i)
		s.bind(i, uuid.NewString(), s.apps[0])
		s.delete(i)
	})
	working.Wait()
	struck := s.disarm()
	s.cf.Clear()
	s.mendWrites()
	s.rest()
	s.t.Logf("phase %d: at rest, with %d policies; cut at %v", phase, len(s.opened()), struck)
}

// bindings is one person's share of a phase: bindings of instances that others
// bind too. Some are kept for the next phase.
func (s *storm) bindings(random *rand.Rand, instances []*instance) {
	for range 3 {
		i, binding := instances[random.IntN(len(instances))], uuid.NewString()
		app := s.apps[random.IntN(len(s.apps))]
		switch random.IntN(3) {
		case 0: // cut off, and taken back
			s.send(s.binder(i, binding, app))
			s.unbind(i, binding)
		case 1:
			s.bind(i, binding, app)
			s.unbind(i, binding)
		default:
			s.bind(i, binding, app)
		}
		if old := s.anyBinding(random, i); old != "" && random.IntN(2) == 0 && s.take(i, old) {
			s.unbind(i, old)
		}
	}
}

// take makes a binding this person's to remove.
func (s *storm) take(i *instance, binding string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, there := i.bindings[binding]
	delete(i.bindings, binding)
	return there
}

// meddle removes policies behind the brokers' back.
func (s *storm) meddle(random *rand.Rand) {
	for range 5 {
		switch network := s.networks[random.IntN(len(s.networks))]; {
		case network == policy.NetworkPolicy:
			s.removeNetworkPolicy(random)
		case network == policy.SecurityGroup:
			s.emptySecurityGroup(random)
		case random.IntN(2) == 0:
			_, _ = s.cf.Cleanup() // a fault may be in its way
		default:
			if all := s.cf.Policies(); len(all) > 0 {
				s.cf.DeletePolicies(all[random.IntN(len(all))])
			}
		}
		s.send(s.catalog)
	}
}
