package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/broker/instance"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
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

// TestQueue has what is owed done, what was put off again, and nothing while this
// replica doesn't lead.
func TestQueue(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	told, next := make(chan string), make(chan retryable.Again)
	var q queue[string]
	q.do = func(_ context.Context, task string) retryable.Again {
		told <- task
		return <-next
	}
	q.add("before it leads") // another replica does it
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.run(ctx, 1, func() []string { return []string{"owed"} })
	}()
	for n, again := range []retryable.Again{retryable.By(time.Now().Add(time.Millisecond)), {}} {
		if task := <-told; task != "owed" {
			t.Errorf("look %d is at %s", n, task)
		}
		next <- again
	}
	q.addNew("new")
	if task := <-told; task != "new" {
		t.Errorf("%s is done instead of what is new", task)
	}
	stop()
	next <- retryable.Again{}
	<-ended
	q.add("when it doesn't lead any more")
}

// TestPlaces: one tenant's tasks don't take all places, so that another's begins at
// once, however many wait before it.
func TestPlaces(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	told, next := make(chan string), make(chan struct{})
	var q queue[string]
	q.places, q.tenant = fair.NewSemaphore(4), func(task string) string { return task[:1] }
	q.do = func(_ context.Context, task string) retryable.Again {
		told <- task
		<-next
		return retryable.Again{}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.run(ctx, 0, func() []string { return []string{"m1", "m2", "m3", "m4", "m5", "m6"} })
	}()
	begun := func(want string) {
		if task := <-told; task[:1] != want {
			t.Errorf("%s begins, want one of %s", task, want)
		}
	}
	begun("m")
	begun("m")
	begun("m")
	q.add("s1") // another of m has no place, though one is free
	begun("s")
	next <- struct{}{}
	stop()
	close(next)
	for {
		select {
		case <-told: // those that had a place in time
			continue
		case <-ended:
		}
		break
	}
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
	if end(true); r.has("one") {
		t.Error("it goes on")
	}
}

// TestPutOff: an operation is put off by who has begun it, not by who couldn't read
// its record, and a newer one never was.
func TestPutOff(t *testing.T) {
	var r running[string]
	r.begin("one", nil)(true) // its record couldn't be read
	for n, c := range []struct {
		operation    string
		before, then bool // put off
	}{
		{"a", false, true}, {"a", true, true}, {"b", false, true}, {"b", true, false}, {"b", false, false}, {"", false, true}, {"", false, true},
	} {
		end := r.begin("one", nil)
		if r.is("one", c.operation) != c.before {
			t.Errorf("run %d, %q: put off before: %t", n, c.operation, !c.before)
		}
		end(c.then)
	}
}
