package main

import (
	"context"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// instances is how many there are in a crowd.
const instances = 2000

// crowd is a world with 2,000 instances.
type crowd struct {
	*world
	store  *record.Store
	seeded []record.Instance // empty until there are 2,000
}

// emptyCrowd has a running broker and no instances yet.
func (s *stage) emptyCrowd(ctx context.Context) (*crowd, error) {
	w, err := s.newWorld(ctx, "many")
	if err != nil {
		return nil, err
	}
	store, err := record.NewStore(s.kube, w.records)
	if err != nil {
		return nil, err
	}
	s.crowd = &crowd{world: w, store: store}
	return s.crowd, w.start(ctx, nil)
}

// fullCrowd has 2,000 instances and a running broker that has seen them come.
func (s *stage) fullCrowd(ctx context.Context) (*crowd, error) {
	c := s.crowd
	if c == nil {
		var err error
		if c, err = s.emptyCrowd(ctx); err != nil {
			return nil, err
		}
	}
	if len(c.seeded) > 0 {
		return c, nil
	}
	return c, c.seed(ctx)
}

func measureScale(ctx context.Context, s *stage) ([]row, error) {
	c, err := s.emptyCrowd(ctx)
	if err != nil {
		return nil, err
	}
	without, err := c.takeTurns(ctx, false)
	if err != nil {
		return nil, err
	}
	if c, err = s.fullCrowd(ctx); err != nil {
		return nil, err
	}
	with, err := c.takeTurns(ctx, false)
	if err != nil {
		return nil, err
	}
	r := row{name: "create with 2,000 instances present vs none", value: median(with.whole), unit: "ms", n: len(with.whole)}.
		to("none present", median(without.whole), atMost(1.2)).
		note("none present: %s ms; %s took %s ms before and %s ms with them there", figure(median(without.whole)), plainApply, figure(median(without.plain)), figure(median(with.plain))).
		note("the PUT itself: %s ms before, %s ms with them there", figure(median(without.put)), figure(median(with.put))).
		note("%s", seedNote())
	return []row{r}, nil
}

func seedNote() string {
	return fmt.Sprintf("the %d are records, each with a namespace, its release's Secret and the chart's Secret and ConfigMap; they have no Service, Deployment or pod", instances)
}

// restartCounted gives the crowd a fresh broker whose requests are counted.
func (c *crowd) restartCounted(ctx context.Context, settings map[string]string) error {
	if err := c.stop(); err != nil {
		return err
	}
	return c.startCounted(ctx, settings)
}
