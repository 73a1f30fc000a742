package main

import (
	"context"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// neighbours is how many creates another space has under way. Their platform polls
// as often as one would at most: 300 that ask ten times a second are what is measured.
const (
	neighbours = 300
	crowdPoll  = 2 * time.Second
)

// measureNeighbour takes the time of one space's create, alone and while
// another space creates hundreds.
func measureNeighbour(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.smallWorld(ctx)
	if err != nil {
		return nil, err
	}
	alone, err := w.takeTurns(ctx, false)
	if err != nil {
		return nil, err
	}
	group, crowded := errgroup.WithContext(ctx)
	var asked sampled // one entry for each create that has ended
	for range neighbours {
		group.Go(func() error {
			made, err := w.create(crowded, w.newInstance(), crowdPoll)
			asked.add(made.whole)
			return err
		})
	}
	space := uuid.NewString()
	var with turns
	for len(asked.values()) < neighbours/2 && crowded.Err() == nil {
		single := w.newInstance()
		single.Space = space
		made, err := w.create(crowded, single, tightPoll)
		if err != nil {
			_ = group.Wait()
			return nil, err
		}
		with.whole, with.put = append(with.whole, made.whole), append(with.put, made.put)
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r := row{name: "create while another space creates 300", value: median(with.whole), unit: "ms", n: len(with.whole)}.
		to("alone", median(alone.whole), atMost(3)).
		note("alone: %s ms; the PUT itself: %s ms alone, %s ms with them", figure(median(alone.whole)), figure(median(alone.put)), figure(median(with.put)))
	return []row{r}, nil
}
