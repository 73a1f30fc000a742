package operation

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestPause takes a task up again when it has to end, however long the pause
// would be by now.
func TestPause(t *testing.T) {
	one := task{instance: "one"}
	limiter := pauses()
	for range 10 {
		limiter.When(one) // by now it is the longest
	}
	queue := workqueue.NewTypedRateLimitingQueue(limiter)
	defer queue.ShutDown()
	begin := time.Now()
	againBy(begin.Add(100*time.Millisecond)).put(queue, one)
	if _, shutdown := queue.Get(); shutdown || time.Since(begin) > 10*time.Second {
		t.Errorf("it came back after %s", time.Since(begin))
	}
	if past := againBy(begin); !past.wanted || !past.end.IsZero() {
		t.Error("an end that is past is no time to come back at")
	}
}

// TestLimit gives an operation time in which no broker ran, but not that of its
// own pauses.
func TestLimit(t *testing.T) {
	const allowed = time.Minute
	now := time.Now()
	for name, c := range map[string]struct {
		begun   time.Duration // ago
		attempt int
		putOff  bool
		want    time.Duration // from now
	}{
		"first":                      {0, 1, false, time.Minute},
		"put off":                    {50 * time.Second, 3, true, 10 * time.Second},
		"put off, late":              {70 * time.Second, 5, true, -10 * time.Second},
		"next process":               {50 * time.Second, 2, false, time.Minute},
		"next process, after a week": {7 * 24 * time.Hour, 2, false, time.Minute},
		"one process after another":  {70 * time.Second, 6, false, -10 * time.Second},
	} {
		w := &work{putOff: c.putOff, instance: record.Instance{Operation: record.Operation{Begun: now.Add(-c.begun), Attempt: c.attempt}}}
		if got := time.Until(w.limit(allowed)); got > c.want+time.Second || got < c.want-2*time.Second {
			t.Errorf("%s: it ends in %s, want %s", name, got, c.want)
		}
	}
}

// TestTakeWithoutID takes up an operation whose record has no id, and tells one
// that was put off from one that wasn't.
func TestTakeWithoutID(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	records := refusing(t, "", nil, 0)
	if _, err := records.CreateInstance(ctx, record.Instance{ID: "one", Operation: record.Operation{Type: record.Create, State: record.InProgress}}); err != nil {
		t.Fatal(err)
	}
	e := &Engine{records: records, metrics: measure.New(prometheus.NewRegistry()), running: map[string]*run{}, waiting: map[string]string{}}
	for _, want := range []bool{false, true, true} {
		i, putOff, err := e.take(ctx, "one", func(error) {})
		if err != nil || i.ID != "one" || putOff != want {
			t.Fatalf("took %q, put off: %t, %v", i.ID, putOff, err)
		}
		e.release("one", true)
	}
}
