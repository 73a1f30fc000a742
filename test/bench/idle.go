package main

import (
	"context"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/requests"
)

const (
	calmDown = 10 * time.Second // after a start
	window   = time.Minute      // of idleness
)

func measureIdle(ctx context.Context, s *stage) ([]row, error) {
	c, err := s.fullCrowd(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.restartCounted(ctx, nil); err != nil {
		return nil, err
	}
	if err := pause(ctx, calmDown); err != nil {
		return nil, err
	}
	mark, pid := c.counter.Mark(), c.broker.PID()
	used, err := processorTime(pid)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	var resident, anonymous []float64
	var last memory
	for time.Since(begin) < window {
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
		if last, err = memoryOf(pid); err != nil {
			return nil, err
		}
		resident, anonymous = append(resident, last.resident), append(anonymous, last.anonymous)
	}
	asked := c.counter.Since(mark)
	minutes := time.Since(begin).Minutes()
	usedNow, err := processorTime(pid)
	if err != nil {
		return nil, err
	}
	return []row{
		row{name: "resident memory, 2,000 instances, idle", value: median(resident), unit: "MB", n: len(resident)}.is(atMost(120)).
			note("of it %s MB anonymous, the rest mapped files; at most %s MB since its start", figure(median(anonymous)), figure(last.peak)).
			note("%s", seedNote()),
		row{name: "API-server requests a minute, 2,000 instances, idle", value: float64(len(asked)) / minutes, unit: "requests", n: 1}.is(atMost(30)).
			note("besides Lease and probes: %s", requests.Tally(asked)).
			note("processor time in that minute, Lease and all: %s ms", figure(milliseconds(usedNow-used)/minutes)),
	}, nil
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
