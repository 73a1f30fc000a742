package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// TestMain is also the process that tasks are done in.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "sandbox" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{
			"double": double, "loop": loop, "fill": fill, "at-once": atOnce, "recurse": func(json.RawMessage, sandbox.Question) any { return recurse(0) }, "ask": ask, "die": die,
		}))
	}
	os.Exit(m.Run())
}

func double(task json.RawMessage, _ sandbox.Question) any {
	var n int
	_ = json.Unmarshal(task, &n)
	return 2 * n
}

func loop(json.RawMessage, sandbox.Question) any {
	for {
		runtime.Gosched()
	}
}

// fill allocates in small pieces, atOnce in one that nothing is written to.
func fill(json.RawMessage, sandbox.Question) any {
	var all [][]byte
	for len(all) < 1<<20 {
		all = append(all, []byte(strings.Repeat("x", 1<<16)))
	}
	return len(all)
}

func atOnce(json.RawMessage, sandbox.Question) any {
	huge := make([]int, 1<<31)
	for i := range huge {
		huge[i] = i
	}
	return len(huge)
}

func recurse(depth int) int {
	if depth < 0 {
		return 0
	}
	return recurse(depth+1) + depth
}

func ask(task json.RawMessage, ask sandbox.Question) any {
	var names []string
	_ = json.Unmarshal(task, &names)
	replies := map[string]string{}
	for _, name := range names {
		var reply string
		if err := ask(name, &reply); err != nil {
			return err.Error()
		}
		replies[name] = reply
	}
	return replies
}

func die(json.RawMessage, sandbox.Question) any {
	os.Exit(7)
	return nil
}

func workers(t *testing.T) *sandbox.Workers {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &sandbox.Workers{Command: []string{self, "sandbox"}, Keep: true}
}

var limits = sandbox.Limits{Time: 2 * time.Second, Memory: 128 << 20}

// TestBounds has tasks use up what they may, and others done after them.
func TestBounds(t *testing.T) {
	w := workers(t)
	for handle, want := range map[string]error{
		"loop": sandbox.ErrTime, "fill": sandbox.ErrMemory, "at-once": sandbox.ErrMemory, "recurse": sandbox.ErrMemory,
	} {
		var answer any
		if err := w.Do(t.Context(), handle, limits, nil, &answer, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", handle, err, want)
		}
		var twice int
		if err := w.Do(t.Context(), "double", limits, 21, &twice, nil); err != nil || twice != 42 {
			t.Errorf("after %s: %d, error %v", handle, twice, err)
		}
	}
}

// TestEnds ends tasks that nobody waits for any more, and says of others how they
// ended.
func TestEnds(t *testing.T) {
	w := workers(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var answer any
	if err := w.Do(ctx, "loop", sandbox.Limits{Time: time.Hour, Memory: 128 << 20}, nil, &answer, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a task that nobody waits for: %v", err)
	}
	if err := w.Do(t.Context(), "die", limits, nil, &answer, nil); err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("a process that ends by itself: %v", err)
	}
	if err := w.Do(t.Context(), "no-such", limits, nil, &answer, nil); err == nil {
		t.Error("a handle that there isn't")
	}
}

// TestAsk has tasks ask while they are worked on, several at once.
func TestAsk(t *testing.T) {
	w := workers(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var answer map[string]string
			err := w.Do(t.Context(), "ask", limits, []string{"a", "b"}, &answer, func(_ context.Context, question json.RawMessage) (any, error) {
				return "you asked for " + string(question), nil
			})
			if err != nil || answer["a"] != `you asked for "a"` || answer["b"] != `you asked for "b"` {
				t.Errorf("%v, error %v", answer, err)
			}
		})
	}
	all.Wait()
	refused := errors.New("refused")
	var answer any
	err := w.Do(t.Context(), "ask", limits, []string{"a"}, &answer, func(context.Context, json.RawMessage) (any, error) { return nil, refused })
	if !errors.Is(err, refused) {
		t.Errorf("a question that is refused: %v", err)
	}
}
