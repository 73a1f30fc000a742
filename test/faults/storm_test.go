package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// users work at the same time, each on instances of its own.
const users = 6

// storm is a world in which things go wrong all the time.
type storm struct {
	*world
	cluster *cluster.Cluster
	random  *rand.Rand // the choice of faults
	apps    []string
	done    chan string
}

// TestStorm has users create, update, bind, unbind and delete, 200 operations
// in all, while replicas are killed at random writes, the policy API fails in
// every way that it has, and the API server is restarted.
func TestStorm(t *testing.T) {
	t.Parallel()
	seed, operations := stormSeed(t), 200
	if long {
		operations = 2000
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	own, err := cluster.Start(ctx, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := &storm{world: newWorld(t, own, 2), cluster: own, random: rand.New(rand.NewPCG(seed, 0)), done: make(chan string)}
	s.apps = s.someApps()
	var working sync.WaitGroup
	for n := range uint64(users) {
		working.Go(func() { s.work(rand.New(rand.NewPCG(seed, n+1)), operations/users+1) })
	}
	go func() { working.Wait(); close(s.done) }()
	s.rage()
	if t.Failed() {
		return
	}
	s.rest()
	t.Logf("%d processes were killed", len(s.replicas[0].logs)+len(s.replicas[1].logs))
	for _, i := range s.existing() {
		s.delete(i)
	}
	s.rest()
}

// stormSeed is FAULT_SEED, else another each time.
func stormSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv("FAULT_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FAULT_SEED=%d chooses the same operations and faults again", seed)
	return seed
}

// work is one user's.
func (s *storm) work(random *rand.Rand, operations int) {
	var own []*instance
	for range operations {
		var what string
		own, what = s.act(random, own)
		s.done <- what
	}
}

// act carries one operation through, on one of the user's own instances.
func (s *storm) act(random *rand.Rand, own []*instance) (_ []*instance, what string) {
	if len(own) == 0 || len(own) == 1 && random.IntN(6) == 0 {
		i := s.anyInstance(random)
		if random.IntN(5) == 0 { // it is cut off, or the developer thinks better of it
			s.send(s.provision(i))
			s.delete(i)
			return own, "create and delete"
		}
		if random.IntN(6) == 0 {
			s.createGreedy(s.instanceOf("varied", withKept, 0))
			return own, "greedy create"
		}
		s.create(i)
		return append(own, i), "create"
	}
	i := own[random.IntN(len(own))]
	binding := s.anyBinding(random, i)
	switch random.IntN(10) {
	case 0:
		s.delete(i)
		return slices.DeleteFunc(own, func(each *instance) bool { return each == i }), "delete"
	case 1, 2:
		s.update(i, random.IntN(1000))
		return own, "update"
	case 3:
		binding = uuid.NewString()
		s.send(s.binder(i, binding, s.apps[random.IntN(len(s.apps))]))
		s.unbind(i, binding)
		return own, "bind and unbind"
	case 4, 5, 6:
		if binding != "" {
			s.unbind(i, binding)
			return own, "unbind"
		}
	}
	s.bind(i, uuid.NewString(), s.apps[random.IntN(len(s.apps))])
	return own, "bind"
}

// createGreedy has a chart render what would take a broker's memory.
func (s *storm) createGreedy(i *instance) {
	s.t.Helper()
	s.send(func(c *rig.Client) (rig.Answer, error) {
		return c.Provision(s.t.Context(), i.Instance, map[string]any{"loop": 400_000_000})
	})
	o := s.await(i, "")
	refused := strings.Contains(o.Description, "rendering the chart takes more than") || strings.Contains(o.Description, endedTwice)
	if o.State != "gone" && (o.State != "failed" || !refused) { // it is gone if the request was cut off
		s.t.Errorf("the greedy create ended as %+v", o)
	}
	s.delete(i)
}

// anyInstance is of any plan, every other one of the chart fixture.
func (s *storm) anyInstance(random *rand.Rand) *instance {
	number, plans := random.IntN(1000), []string{withRole, withKept, withVolume}
	if n := random.IntN(2 * len(plans)); n < len(plans) {
		return s.instanceOf("varied", plans[n], number)
	}
	return s.newInstance(number)
}

// anyBinding is one of the instance's bindings, "" if it has none.
func (s *storm) anyBinding(random *rand.Rand, i *instance) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for binding := range i.bindings {
		all = append(all, binding)
	}
	if len(all) == 0 {
		return ""
	}
	return all[random.IntN(len(all))]
}

// rage breaks things, as the operations go by, until all have been done.
func (s *storm) rage() {
	s.t.Helper()
	counts := map[string]int{}
	for n := 1; ; n++ {
		for _, r := range s.replicas {
			if n == 1 || r.gate.hit() != "" {
				r.gate.arm(1+s.random.IntN(150), s.random.IntN(2) == 0)
			}
		}
		if n%10 == 0 {
			s.breakPolicies()
		}
		if n%25 == 0 {
			if _, err := s.cf.Cleanup(); err != nil { // a fault was in its way
				s.t.Log(err)
			}
		}
		if n%60 == 0 {
			s.restartAPIServer()
		}
		what, more := <-s.done
		if !more {
			break
		}
		counts[what]++
	}
	s.disarm()
	s.cf.Clear()
	s.t.Logf("operations: %v", counts)
}

// breakPolicies has one part of Cloud Foundry fail the next few requests.
func (s *storm) breakPolicies() {
	kinds := []cf.Kind{cf.Down, cf.AnswerLost, cf.ServerError, cf.Unauthorized, cf.InvalidJSON, cf.Slow, cf.Redirect, cf.Unrouted}
	parts := []cf.Part{s.enforcing(), s.enforcing(), cf.UAA}
	if s.credHub {
		parts = append(parts, cf.CredHub, cf.CredHub)
	}
	fault := cf.Fault{Kind: kinds[s.random.IntN(len(kinds))], Times: 1 + s.random.IntN(8), Delay: time.Second}
	s.cf.Fault(parts[s.random.IntN(len(parts))], fault)
}

// restartAPIServer kills the API server, and brings it back when a request has
// met that. A broker can't start meanwhile, so none is killed before.
func (s *storm) restartAPIServer() {
	s.t.Helper()
	s.disarm()
	s.eventually(s.allRun)
	if err := s.cluster.StopAPIServer(); err != nil {
		s.t.Fatal(err)
	}
	path := fmt.Sprintf("/v2/service_instances/%s/last_operation", uuid.NewString())
	s.eventually(func() string {
		answer := s.send(func(c *rig.Client) (rig.Answer, error) { return c.Send(s.t.Context(), "GET", path, nil) })
		if answer.Status == 503 {
			return ""
		}
		return fmt.Sprintf("without an API server a request is answered %d: %s", answer.Status, answer.Body)
	})
	s.arm(1+s.random.IntN(5), true)
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := s.cluster.StartAPIServer(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// allRun names a replica that doesn't.
func (s *storm) allRun() string {
	for n, r := range s.replicas {
		if r.client() == nil {
			return fmt.Sprintf("replica %d doesn't run", n)
		}
	}
	return ""
}

func (s *storm) existing() (all []*instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.instances {
		all = append(all, i)
	}
	return all
}
