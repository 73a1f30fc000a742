package door_test

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// knock sends a password from an address, and returns why it is refused.
func knock(d *door.Door, from, password string) (door.Reason, time.Duration) {
	request := httptest.NewRequest("GET", "/", nil)
	request.RemoteAddr = from
	if password != "" {
		request.SetBasicAuth("u", password)
	}
	refusal := d.Admit(request)
	if refusal == nil {
		return "", 0
	}
	return refusal.Reason, refusal.Wait
}

func newDoor(perMinute int) *door.Door {
	return door.New(door.Options{Fixed: door.NewCredentials("u", "p"), FailuresPerMinute: perMinute, Registry: prometheus.NewRegistry()})
}

func TestSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(10)
		const guesser, platform = "192.0.2.1:1", "192.0.2.2:1"
		expect := func(what, from, password string, want door.Reason) {
			t.Helper()
			if got, _ := knock(d, from, password); got != want {
				t.Errorf("%s: refused as %q, want %q", what, got, want)
			}
		}
		for range 50 {
			expect("no credentials use nothing up", guesser, "", door.Missing)
			expect("nor do right ones", guesser, "p", "")
		}
		for range 10 {
			expect("within the share", guesser, "guess", door.Wrong)
		}
		expect("a guess beyond it", guesser, "guess", door.Slowed)
		expect("from another port", "192.0.2.1:2", "guess", door.Slowed)
		expect("even the right one, or guessing would go on", guesser, "p", door.Slowed)
		expect("from another address", platform, "p", "")
		expect("and a first mistake there", platform, "guess", door.Wrong)
		_, wait := knock(d, guesser, "p")
		if wait <= 5*time.Second || wait > 6*time.Second {
			t.Errorf("it has to wait %s, want 6 s", wait)
		}
		time.Sleep(wait) // of the test's own clock
		expect("after that", guesser, "p", "")
		expect("one more guess", guesser, "guess", door.Wrong)
		expect("and no second", guesser, "p", door.Slowed)
		time.Sleep(time.Hour)
		for range 10 {
			expect("much later", guesser, "guess", door.Wrong)
		}
		expect("the share doesn't grow beyond itself", guesser, "guess", door.Slowed)
	})
}

// TestNeighbours share an IPv6 network of 64 bits.
func TestNeighbours(t *testing.T) {
	d := newDoor(3)
	for n := range 3 {
		knock(d, fmt.Sprintf("[2001:db8::%d]:1", n), "guess")
	}
	if got, _ := knock(d, "[2001:db8::ffff]:1", "p"); got != door.Slowed {
		t.Errorf("a neighbour is refused as %q", got)
	}
	if got, _ := knock(d, "[2001:db8:0:1::1]:1", "p"); got != "" {
		t.Errorf("the next network is refused as %q", got)
	}
}

// TestWithoutSlowDown is what the limit is for: all guesses are heard.
func TestWithoutSlowDown(t *testing.T) {
	d := newDoor(0)
	for range 1000 {
		if got, _ := knock(d, "192.0.2.1:1", "guess"); got != door.Wrong {
			t.Fatalf("refused as %q", got)
		}
	}
	if got, _ := knock(d, "192.0.2.1:1", "p"); got != "" {
		t.Errorf("the right password is refused as %q", got)
	}
}

// TestGuessesAtOnce are no more than one after the other.
func TestGuessesAtOnce(t *testing.T) {
	d := newDoor(10)
	var heard atomic.Int32
	var all sync.WaitGroup
	for range 500 {
		all.Go(func() {
			if reason, _ := knock(d, "192.0.2.1:1", "guess"); reason == door.Wrong {
				heard.Add(1)
			}
		})
	}
	all.Wait()
	if heard.Load() > 11 {
		t.Errorf("%d guesses were heard", heard.Load())
	}
}

// TestManyAddresses take a bounded memory.
func TestManyAddresses(t *testing.T) {
	d := newDoor(10)
	flood := func(from, to int) uint64 {
		for n := from; n < to; n++ {
			knock(d, fmt.Sprintf("10.%d.%d.%d:1", n>>16, n>>8&255, n&255), "guess")
		}
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	before := flood(0, 20_000)
	if after := flood(20_000, 100_000); after > before+2<<20 {
		t.Errorf("the heap went from %d to %d bytes", before, after)
	}
}
