package worker

import (
	"context"
	"fmt"
	"time"

	"code.cloudfoundry.org/lager/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Lease is how replicas agree on the one that carries operations through.
type Lease struct {
	Lock resourcelock.Interface
	// Duration is how long the Lease is valid after it was last renewed: a
	// killed replica's work is taken over after that.
	Duration time.Duration
	// Renew is how long a replica that can't renew the Lease goes on.
	Renew time.Duration
	// Retry is the time between attempts to take or renew it.
	Retry time.Duration
}

// hold runs lead whenever this replica holds the Lease, until ctx ends. If the
// Lease is lost lead's ctx ends; another replica begins when it has run out.
func (l Lease) hold(ctx context.Context, log lager.Logger, lead func(context.Context)) error {
	for ctx.Err() == nil {
		if err := l.term(ctx, lead); err != nil {
			return err
		}
		if err := l.release(ctx); err != nil {
			log.Error("releasing-lease", err) // it runs out by itself
		}
	}
	return nil
}

// term is one time of holding the Lease. It is held until lead has returned:
// client-go's own release upon cancelling would come before that.
func (l Lease) term(ctx context.Context, lead func(context.Context)) error {
	started := make(chan context.Context, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:          l.Lock,
		LeaseDuration: l.Duration,
		RenewDeadline: l.Renew,
		RetryPeriod:   l.Retry,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(held context.Context) { started <- held },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("preparing to take the Lease: %w", err)
	}
	holding, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		elector.Run(holding)
	}()
	select {
	case <-ctx.Done():
	case held := <-started:
		working, stop := context.WithCancel(held)
		detach := context.AfterFunc(ctx, stop)
		lead(working)
		detach()
		stop()
	}
	giveUp()
	<-ended
	return nil
}

// release lets another replica take over at once.
func (l Lease) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Renew)
	defer cancel()
	held, _, err := l.Lock.Get(ctx)
	if apierrors.IsNotFound(err) || err == nil && held.HolderIdentity != l.Lock.Identity() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the Lease: %w", err)
	}
	held.HolderIdentity, held.LeaseDurationSeconds = "", 1
	if err := l.Lock.Update(ctx, *held); err != nil {
		return fmt.Errorf("giving up the Lease: %w", err)
	}
	return nil
}
