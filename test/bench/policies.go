package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/requests"
)

const (
	bindings   = 10_000
	roundsTime = 20 * time.Second
)

// measureRounds compares a broker that looks at the policies all the time with
// one that never does.
func measureRounds(ctx context.Context, s *stage) ([]row, error) {
	c, err := s.fullCrowd(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.seedBindings(ctx, bindings); err != nil {
		return nil, err
	}
	without, err := c.idleWith(ctx, "1h")
	if err != nil {
		return nil, err
	}
	with, err := c.idleWith(ctx, "1s")
	if err != nil {
		return nil, err
	}
	if with.rounds == 0 {
		return nil, fmt.Errorf("the broker hasn't looked at the policies in %s", roundsTime)
	}
	rounds := float64(with.rounds)
	return []row{
		row{name: "idle policy round, 10,000 app bindings, processor time", value: milliseconds(with.used-without.used) / rounds, unit: "ms", n: with.rounds}.is(atMost(300)).
			note("what %s with POLICY_RESYNC=1s take (%s) beyond the same with 1h (%s), divided by the rounds", roundsTime, with.used, without.used),
		row{name: "idle policy round, 10,000 app bindings, GETs of the policy API", value: float64(with.gets) / rounds, unit: "requests", n: with.rounds}.is(atMost(1)).
			note("other requests to it: %d; requests to the API server meanwhile: %s", with.others, requests.Tally(with.asked)),
	}, nil
}

// seedBindings makes so many bindings of apps, and their policies.
func (c *crowd) seedBindings(ctx context.Context, count int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(seeders)
	for n := range count {
		i := c.seeded[n%len(c.seeded)]
		p := policy.To(uuid.NewString(), i.PolicyGroup, "tcp", 8080)
		if err := c.cf.AddPolicies(cf.NewPolicy(p.Source.ID, p.Destination.ID, "tcp", 8080, 8080)); err != nil {
			return fmt.Errorf("opening a policy: %w", err)
		}
		group.Go(func() error {
			_, err := c.store.CreateBinding(ctx, record.Binding{
				ID: uuid.NewString(), InstanceID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID, AppGUID: p.Source.ID, Started: time.Now().UTC(),
				Credentials: json.RawMessage(`{"host":"10.255.0.1","password":"not-a-real-one","port":8080}`),
				Policies:    []policy.Policy{p}, State: record.Bound,
			})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("seeding bindings: %w", err)
	}
	return nil
}

// idled is what an idle broker has done.
type idled struct {
	used                 time.Duration // processor time
	rounds, gets, others int
	asked                []requests.Request // of the API server
}

func (c *crowd) idleWith(ctx context.Context, resync string) (i idled, err error) {
	if err := c.restartCounted(ctx, map[string]string{"POLICY_RESYNC": resync}); err != nil {
		return i, err
	}
	if err := pause(ctx, calmDown); err != nil {
		return i, err
	}
	used, err := processorTime(c.broker.PID())
	if err != nil {
		return i, err
	}
	mark := c.counter.Mark()
	gets, others := c.policyRequests()
	// What comes close together is one round: they are a second or more apart.
	const apart, look = 400 * time.Millisecond, 20 * time.Millisecond
	var last time.Time
	for begin, known := time.Now(), gets; time.Since(begin) < roundsTime; {
		if err := pause(ctx, look); err != nil {
			return i, err
		}
		now, _ := c.policyRequests()
		if now != known && time.Since(last) > apart {
			i.rounds++
		}
		if now != known {
			known, last = now, time.Now()
		}
	}
	usedNow, err := processorTime(c.broker.PID())
	getsNow, othersNow := c.policyRequests()
	i.used, i.gets, i.others, i.asked = usedNow-used, getsNow-gets, othersNow-others, c.counter.Since(mark)
	return i, err
}

// policyRequests counts what the policy API has been asked so far.
func (c *crowd) policyRequests() (gets, others int) {
	for route, count := range c.cf.Requests() {
		method, path, _ := strings.Cut(route, " ")
		switch {
		case !strings.HasPrefix(path, "/networking"):
		case method == "GET":
			gets += count
		default:
			others += count
		}
	}
	return gets, others
}
