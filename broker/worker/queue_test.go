package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/broker/instance"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
)

// TestPause takes a task up again when it has to end, however long the pause
// would be by now.
func TestPause(t *testing.T) {
	const one = "one"
	limiter := pauses[string]()
	for range 10 {
		limiter.When(one) // by now it is the longest
	}
	tasks := workqueue.NewTypedRateLimitingQueue(limiter)
	defer tasks.ShutDown()
	begin := time.Now()
	put(tasks, one, retryable.By(begin.Add(100*time.Millisecond)))
	if _, shutdown := tasks.Get(); shutdown || time.Since(begin) > 10*time.Second {
		t.Errorf("it came back after %s", time.Since(begin))
	}
	if past := retryable.By(begin); !past.Wanted || !past.End.IsZero() {
		t.Error("an end that is past is no time to come back at")
	}
}

// TestQueue tells a task that was put off from one that is new, whatever the
// earlier one of its name was.
func TestQueue(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	told, next := make(chan bool), make(chan retryable.Again)
	var q queue[string]
	q.do = func(_ context.Context, _ string, putOff bool) retryable.Again {
		told <- putOff
		return <-next
	}
	q.add("before it leads") // another replica does it
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.run(ctx, 1, func() []string { return []string{"owed"} })
	}()
	soon := retryable.By(time.Now().Add(time.Millisecond))
	if <-told {
		t.Error("what is owed was put off by another process, if at all")
	}
	next <- soon
	if !<-told {
		t.Error("what was put off isn't told of as that")
	}
	q.addNew("owed")
	next <- retryable.Again{}
	if <-told {
		t.Error("a new task is told of as put off")
	}
	stop()
	next <- retryable.Again{}
	<-ended
	q.add("when it doesn't lead any more")
}

// TestRunning ends a task for the sake of another operation, and not for its own.
func TestRunning(t *testing.T) {
	var r running[string]
	r.cancel("none", instance.ErrSuperseded, "a")
	ctx, cancel := context.WithCancelCause(t.Context())
	end := r.begin("one", cancel)
	r.is("one", "a")
	r.cancel("one", instance.ErrSuperseded, "a")
	if ctx.Err() != nil || !r.has("one") {
		t.Error("its own progress ended it")
	}
	r.cancel("one", instance.ErrSuperseded, "b")
	if !errors.Is(context.Cause(ctx), instance.ErrSuperseded) {
		t.Error("a newer operation didn't end it")
	}
	if end(); r.has("one") {
		t.Error("it goes on")
	}
}
