package worker

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// queue holds what is to be done while this replica leads. Of one task only one is
// being done at a time.
type queue[T comparable] struct {
	// do carries a task through.
	do func(ctx context.Context, task T) retryable.Again
	// places are how many tasks are done at once, and tenant is whose turn it is that a
	// task takes; nil: nothing bounds them but the workers.
	places *fair.Semaphore
	tenant func(task T) string

	mu    sync.Mutex
	tasks workqueue.TypedRateLimitingInterface[T] // nil unless this replica leads; guarded by mu
}

// pauses are those between attempts.
func pauses[T comparable]() workqueue.TypedRateLimiter[T] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[T](500*time.Millisecond, 30*time.Second)
}

// add has a task done. If this replica doesn't lead nothing happens: the one that
// does sees it too.
func (q *queue[T]) add(task T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tasks != nil {
		q.tasks.Add(task)
	}
}

// addNew is add for a task of whose name an earlier one may have been put off: its
// pauses begin anew.
func (q *queue[T]) addNew(task T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tasks != nil {
		q.tasks.Forget(task)
		q.tasks.Add(task)
	}
}

// run has what is owed done, and what is added, by this many workers until ctx
// ends. Without a number each task has a worker of its own: those mostly wait.
func (q *queue[T]) run(ctx context.Context, workers int, owed func() []T) {
	tasks := workqueue.NewTypedRateLimitingQueue(pauses[T]())
	q.mu.Lock()
	q.tasks = tasks
	q.mu.Unlock()
	for _, task := range owed() { // what changes from now on is added by the watch
		tasks.Add(task)
	}
	var working sync.WaitGroup
	for range max(workers, 1) {
		working.Go(func() {
			for task, shutdown := tasks.Get(); !shutdown; task, shutdown = tasks.Get() {
				if workers > 0 {
					q.perform(ctx, tasks, task)
				} else {
					working.Go(func() { q.perform(ctx, tasks, task) })
				}
			}
		})
	}
	<-ctx.Done()
	q.mu.Lock()
	q.tasks = nil
	q.mu.Unlock()
	tasks.ShutDown()
	working.Wait()
}

func (q *queue[T]) perform(ctx context.Context, tasks workqueue.TypedRateLimitingInterface[T], task T) {
	defer tasks.Done(task)
	again := q.inPlace(ctx, task)
	if !again.Wanted {
		tasks.Forget(task)
		return
	}
	put(tasks, task, again)
}

// inPlace does the task once there is a place. If ctx ends before, whoever leads next
// does it.
func (q *queue[T]) inPlace(ctx context.Context, task T) retryable.Again {
	if q.places == nil {
		return q.do(ctx, task)
	}
	tenant := q.tenant(task)
	if q.places.Take(ctx, tenant) != nil {
		return retryable.Again{}
	}
	defer q.places.Give(tenant)
	return q.do(ctx, task)
}

// put has the task come back after a pause.
func put[T comparable](tasks workqueue.TypedRateLimitingInterface[T], task T, again retryable.Again) {
	tasks.AddRateLimited(task)
	if !again.End.IsZero() {
		// Of two times for one task the queue takes the earlier.
		tasks.AddAfter(task, time.Until(again.End))
	}
}
