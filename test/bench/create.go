package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	plainApply = "(b) apply and watch"
	helmSDK    = "(a) Helm SDK"

	singles   = 11 // creates one at a time
	tightPoll = 10 * time.Millisecond
	timeLimit = 2 * time.Minute // of anything that is measured

	createLimit = 5 * time.Minute // hundreds may be before it
)

// created is how long a create took, in milliseconds.
type created struct{ whole, put float64 }

// create makes an instance and polls it until it is there.
func (w *world) create(ctx context.Context, i rig.Instance, poll time.Duration) (created, error) {
	ctx, cancel := context.WithTimeout(ctx, createLimit)
	defer cancel()
	begin := time.Now()
	answer, err := w.client.Provision(ctx, i, nil)
	put := milliseconds(time.Since(begin))
	if err := want(answer, err, http.StatusCreated, http.StatusAccepted); err != nil {
		return created{}, err
	}
	if answer.Status == http.StatusCreated {
		return created{whole: put, put: put}, nil
	}
	err = w.await(ctx, i, answer.Operation(), poll)
	return created{whole: milliseconds(time.Since(begin)), put: put}, err
}

// await polls the operation until it has succeeded.
func (w *world) await(ctx context.Context, i rig.Instance, operation string, poll time.Duration) error {
	for {
		polled, o, err := w.client.LastOperation(ctx, i, operation)
		if err := want(polled, err, http.StatusOK); err != nil {
			return err
		}
		switch o.State {
		case "succeeded":
			return nil
		case "failed":
			return fmt.Errorf("an operation failed: %s", o.Description)
		}
		if err := pause(ctx, poll); err != nil {
			return err
		}
	}
}

// timed is how long it takes, in milliseconds.
func timed(ctx context.Context, do func(context.Context) error) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	begin := time.Now()
	err := do(ctx)
	return milliseconds(time.Since(begin)), err
}

// turns are times of the broker and of the baselines, taken in turn, so that
// whatever else the machine does meets all alike.
type turns struct{ whole, put, plain, sdk []float64 }

func (w *world) takeTurns(ctx context.Context, withSDK bool) (t turns, err error) {
	for turn := range singles + 1 {
		if turn == 1 {
			t = turns{} // the first was for the caches
		}
		took, err := timed(ctx, func(ctx context.Context) error { return w.plain.install(ctx, "plain-"+uuid.NewString()) })
		if err != nil {
			return t, fmt.Errorf("plain apply: %w", err)
		}
		t.plain = append(t.plain, took)
		made, err := w.create(ctx, w.newInstance(), tightPoll)
		if err != nil {
			return t, err
		}
		t.whole, t.put = append(t.whole, made.whole), append(t.put, made.put)
		if !withSDK {
			continue
		}
		took, err = timed(ctx, func(ctx context.Context) error { return w.sdkInstall(ctx, "sdk-"+uuid.NewString()) })
		if err != nil {
			return t, err
		}
		t.sdk = append(t.sdk, took)
	}
	return t, nil
}

func measureCreates(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.smallWorld(ctx)
	if err != nil {
		return nil, err
	}
	t, err := w.takeTurns(ctx, true)
	if err != nil {
		return nil, err
	}
	r := row{name: "create → succeeded, one at a time, median", value: median(t.whole), unit: "ms", n: len(t.whole)}.
		to(plainApply, median(t.plain), atMost(1.35)).to(helmSDK, median(t.sdk), atMost(1.0/8)).
		note("%s: %s ms; %s: %s ms; each in a new namespace, whose making counts", plainApply, figure(median(t.plain)), helmSDK, figure(median(t.sdk))).
		note("the PUT itself: %s ms; polled every %s", figure(median(t.put)), tightPoll)
	return []row{r}, nil
}
