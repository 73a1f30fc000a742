package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/test/requests"
)

// neighbours is how many creates another space has under way. Their platform polls
// as often as one would at most: 200 that ask ten times a second are what is measured.
const (
	neighbours = 200
	crowdPoll  = 2 * time.Second
)

// measureNeighbour takes the time of one space's create, alone and while
// another space creates hundreds. The broker answers at once, as CF is answered once
// SYNC_WAIT has passed: so the PUT's time is its own.
func measureNeighbour(ctx context.Context, s *stage) (rows []row, err error) {
	w, err := s.newWorld(ctx, "neighbours")
	if err != nil {
		return nil, err
	}
	if err := w.startWith(ctx, w.cluster.Kubeconfig(), map[string]string{"SYNC_WAIT": "0s"}, nil); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	alone, err := w.takeTurns(ctx, false)
	if err != nil {
		return nil, err
	}
	with, asked, err := w.besideCrowd(ctx)
	if err != nil {
		return nil, err
	}
	return []row{
		row{name: "create while another space creates 200, median", value: median(with.whole), unit: "ms", n: len(with.whole)}.
			to("alone", median(alone.whole), atMost(3)).
			note("alone: %s ms; at most %s ms with them; theirs took %s ms (median)", figure(median(alone.whole)), figure(quantile(with.whole, 1)), figure(median(asked))),
		row{name: "its PUT, with SYNC_WAIT=0s, median", value: median(with.put), unit: "ms", n: len(with.put)}.is(atMost(100)).
			note("alone: %s ms; at most %s ms with them", figure(median(alone.put)), figure(quantile(with.put, 1))),
	}, nil
}

// besideCrowd makes one space's instances, one after the other, until half of
// another space's are there. asked are the times of those.
func (w *world) besideCrowd(ctx context.Context) (with turns, asked []float64, err error) {
	space := uuid.NewString()
	asked, err = w.whileCrowded(ctx, func(ctx context.Context) error {
		single := w.newInstance()
		single.Space = space
		made, err := w.create(ctx, single, tightPoll)
		with.whole, with.put = append(with.whole, made.whole), append(with.put, made.put)
		return err
	})
	return with, asked, err
}

// whileCrowded does something again and again until half of a crowd's instances are
// there, and returns the times of all of those.
func (w *world) whileCrowded(ctx context.Context, do func(context.Context) error) (asked []float64, err error) {
	group, crowded := errgroup.WithContext(ctx)
	var ended sampled
	for range neighbours {
		group.Go(func() error {
			made, err := w.create(crowded, w.newInstance(), crowdPoll)
			ended.add(made.whole)
			return err
		})
	}
	for err == nil && len(ended.values()) < neighbours/2 && crowded.Err() == nil {
		err = do(crowded)
	}
	err = errors.Join(err, group.Wait())
	return ended.values(), err
}

// traceNeighbour prints what is asked for each single create while another space
// creates hundreds: what passes between two requests is the broker's own, or waiting.
func traceNeighbour(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.newWorld(ctx, "crowded")
	if err != nil {
		return nil, err
	}
	if err := w.startCounted(ctx, map[string]string{"SYNC_WAIT": "0s"}); err != nil {
		return nil, err
	}
	if err := w.warmUp(ctx); err != nil {
		return nil, err
	}
	_, err = w.whileCrowded(ctx, func(ctx context.Context) error {
		single := w.newInstance()
		single.Space = uuid.NewString()
		mark, begin := w.counter.Mark(), time.Now()
		made, err := w.create(ctx, single, tightPoll)
		if err != nil {
			return err
		}
		all := w.counter.Since(mark)
		its := slices.DeleteFunc(slices.Clone(all), func(r requests.Request) bool {
			return !strings.Contains(r.Path, single.ID) && !strings.Contains(r.Path, single.Namespace(w.prefix))
		})
		w.out.line("\ncreate: %s ms, its PUT %s ms, %d requests, %d in all", figure(made.whole), figure(made.put), len(its), len(all))
		w.listRequests(begin, its)
		return nil
	})
	return nil, err
}
