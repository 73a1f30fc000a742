package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

const (
	burst     = 100
	atATime   = 20
	loosePoll = 100 * time.Millisecond // 20 tight polls would be a load of their own
)

// throughput does it many times, some at a time, and returns how many were
// done in a second. do is told which it is.
func throughput(ctx context.Context, times, atATime int, do func(ctx context.Context, n int) error) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, timeLimit+time.Duration(times)*time.Second)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atATime)
	begin := time.Now()
	for n := range times {
		group.Go(func() error { return do(ctx, n) })
	}
	err := group.Wait()
	return float64(times) / time.Since(begin).Seconds(), err
}

func measureBurst(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.smallWorld(ctx)
	if err != nil {
		return nil, err
	}
	var each sampled
	broker, err := throughput(ctx, burst, atATime, func(ctx context.Context, _ int) error {
		made, err := w.create(ctx, w.newInstance(), loosePoll)
		each.add(made.whole)
		return err
	})
	if err != nil {
		return nil, err
	}
	plain, err := throughput(ctx, burst, atATime, func(ctx context.Context, _ int) error { return w.plain.install(ctx, "plain-"+uuid.NewString()) })
	if err != nil {
		return nil, fmt.Errorf("plain apply: %w", err)
	}
	sdk, err := throughput(ctx, burst, atATime, func(ctx context.Context, _ int) error { return w.sdkInstall(ctx, "sdk-"+uuid.NewString()) })
	if err != nil {
		return nil, err
	}
	r := row{name: "100 creates, 20 at a time, throughput", value: broker, unit: "creates/s", n: 1}.
		to(helmSDK, sdk, atLeast(3)).to(plainApply, plain, atLeast(0.6)).
		note("%s: %s/s; %s: %s/s", plainApply, figure(plain), helmSDK, figure(sdk)).
		note("one of the broker's creates then took %s ms (median), %s ms (p99); polled every %s", figure(median(each.values())), figure(quantile(each.values(), 0.99)), loosePoll)
	return []row{r}, nil
}
