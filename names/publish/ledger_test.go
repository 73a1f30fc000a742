package publish

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

// records reads "1=a,b 2=a": names by the last number of an address.
func records(words string) []names.Record {
	var all []names.Record
	for _, word := range strings.Fields(words) {
		number, given, _ := strings.Cut(word, "=")
		all = append(all, names.Record{Address: netip.MustParseAddr("10.0.0." + number), Names: strings.Split(given, ",")})
	}
	return all
}

func words(said []message) string {
	var all []string
	for _, m := range said {
		all = append(all, fmt.Sprintf("%s %s=%s", m.kind, strings.TrimPrefix(m.address.String(), "10.0.0."), strings.Join(m.names, ",")))
	}
	return strings.Join(all, "; ")
}

// TestLedger goes through what is wanted, step by step.
func TestLedger(t *testing.T) {
	begin := time.Now()
	type step struct {
		at    float64 // seconds
		does  string  // "set scope records", or changes, repeats, gone, all
		hands string
	}
	for what, steps := range map[string][]step{
		"what is new is said once at once, and once again": {
			{0, "set a 1=x,y 2=x", ""}, {0, "changes", "register 1=x,y; register 2=x"}, {0, "changes", ""},
			{0.9, "repeats", ""}, {1, "repeats", "register 1=x,y; register 2=x"}, {9, "repeats", ""},
		},
		"what is wanted twice is no change": {
			{0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {1, "repeats", "register 1=x"}, {2, "set a 1=x", ""}, {2, "changes", ""}, {3, "repeats", ""},
		},
		"what is gone is taken back, alone": {
			{0, "set a 1=x,y", ""}, {0, "changes", "register 1=x,y"}, {0, "set a 1=y", ""}, {0, "changes", "unregister 1=x"}, {1, "repeats", "register 1=y; unregister 1=x"},
		},
		"a name that moves is registered first": {
			{0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {0, "set a 2=x", ""}, {0, "changes", "register 2=x; unregister 1=x"},
		},
		"what came and went between is taken back all the same": {
			{0, "set a 1=x", ""}, {0, "set a", ""}, {0, "changes", "unregister 1=x"},
		},
		"what went and came between is registered": {
			{0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {0, "set a", ""}, {0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {60, "gone", ""},
		},
		"an address that is handed on takes nothing along": {
			{0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {0, "set a", ""}, {0, "set b 1=y", ""}, {0, "changes", "register 1=y; unregister 1=x"}, {1, "repeats", "register 1=y; unregister 1=x"},
		},
		"scopes share what they both want": {
			{0, "set a 1=x", ""}, {0, "set b 1=x,y", ""}, {0, "changes", "register 1=x,y"}, {0, "set a", ""}, {0, "changes", ""}, {0, "set b", ""}, {0, "changes", "unregister 1=x,y"},
		},
		"what is gone is said until everybody has forgotten it": {
			{0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {0, "set a", ""}, {0, "changes", "unregister 1=x"}, {60, "gone", "unregister 1=x"}, {240, "gone", "unregister 1=x"}, {240.1, "gone", ""},
		},
		"and that time begins when it is first said": {
			{0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {0, "set a", ""}, {9000, "all", "unregister 1=x"}, {9240, "all", "unregister 1=x"}, {9241, "all", ""},
		},
		"what has come back isn't gone": {
			{0, "set a 1=x,y", ""}, {0, "changes", "register 1=x,y"}, {0, "set a", ""}, {0, "changes", "unregister 1=x,y"}, {0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {60, "gone", "unregister 1=y"},
		},
		"who knows nothing is told everything": {
			{0, "set a 1=x 2=x", ""}, {0, "changes", "register 1=x; register 2=x"}, {0, "set a 2=x", ""}, {0, "set b 3=z", ""}, {0, "all", "register 2=x; register 3=z; unregister 1=x"}, {0, "changes", ""},
		},
		"an address that keeps changing holds up no other": {
			{0, "set a 1=x", ""}, {0, "changes", "register 1=x"}, {0.1, "set b 2=y", ""}, {0.1, "changes", "register 2=y"}, {0.9, "set a 1=z", ""}, {0.9, "changes", "register 1=z; unregister 1=x"},
			{1.2, "repeats", "register 2=y"}, {1.9, "repeats", "register 1=z; unregister 1=x"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			l := newLedger()
			for i, step := range steps {
				now := begin.Add(time.Duration(step.at * float64(time.Second)))
				if got := take(l, step.does, now); got != step.hands {
					t.Errorf("step %d, %s: %q, want %q", i, step.does, got, step.hands)
				}
			}
		})
	}
}

// take does what a step says; of the messages those that register are ordered,
// where their order isn't the ledger's business.
func take(l *ledger, does string, now time.Time) string {
	verb, rest, _ := strings.Cut(does, " ")
	var said []message
	switch verb {
	case "set":
		scope, given, _ := strings.Cut(rest, " ")
		l.set(scope, records(given), time.Now())
	case "changes":
		said = l.sayChanges(now)
	case "repeats":
		said = l.sayRepeats(now)
	case "gone":
		said = l.sayGone(now)
	case "all":
		said = l.sayAll(now)
	}
	slices.SortStableFunc(said, func(a, b message) int {
		if a.kind != b.kind {
			return 0
		}
		return a.address.Compare(b.address)
	})
	return words(said)
}

// TestRenewals are the same number of messages in any second, and each name's
// within its interval.
func TestRenewals(t *testing.T) {
	l := newLedger()
	var all []names.Record
	for i := range 6000 {
		all = append(all, names.Record{Address: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), Names: []string{"x"}})
	}
	l.set("a", all, time.Now())
	begin := time.Now()
	l.sayAll(begin) // all at once
	last := map[netip.Addr]int{}
	perSecond := map[int]int{}
	for step := 1; step <= 3*1200; step++ { // of 50 ms: three minutes
		for _, m := range l.sayRenewals(tick, time.Minute) {
			if step-last[m.address] > 1200 {
				t.Fatalf("%s is registered again after %d steps, want at most 1200", m.address, step-last[m.address])
			}
			last[m.address] = step
			perSecond[(step-1)/20]++
		}
	}
	if len(last) != 6000 {
		t.Errorf("%d addresses were registered again, want all 6000", len(last))
	}
	for second, n := range perSecond {
		if n < 105 || n > 118 { // 6000 in 54 s
			t.Errorf("second %d has %d messages, want 111", second, n)
		}
	}
}

// TestRenewalsOfFew are within their interval, too, and one after a long sleep is
// one message.
func TestRenewalsOfFew(t *testing.T) {
	l := newLedger()
	if said := l.sayRenewals(time.Hour, time.Minute); len(said) != 0 {
		t.Errorf("of nothing %s is said", words(said))
	}
	l.set("a", records("1=x"), time.Now())
	l.sayAll(time.Now())
	if said := l.sayRenewals(time.Hour, time.Minute); words(said) != "register 1=x" {
		t.Errorf("after an hour %q is said", words(said))
	}
	steps := 0
	for steps < 2000 && len(l.sayRenewals(tick, time.Minute)) == 0 {
		steps++
	}
	if steps > 1200 {
		t.Errorf("the next is after %d steps of 50 ms, want at most a minute", steps)
	}
}

// TestLedgerForgets what is gone: its size is that of what is wanted.
func TestLedgerForgets(t *testing.T) {
	l := newLedger()
	now := time.Now()
	for i := range 1000 {
		l.set("a", []names.Record{{Address: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), Names: []string{"x", "y"}}}, time.Now())
		l.sayChanges(now)
	}
	if l.gone != 999*2 || l.pairs != 2 {
		t.Errorf("%d pairs are gone and %d wanted", l.gone, l.pairs)
	}
	now = now.Add(goneLife + time.Second)
	l.sayRepeats(now)
	l.sayGone(now)
	if l.gone != 0 || len(l.entries) != 1 || l.order.Len() != 1 || len(l.repeats) != 0 || len(l.changes) != 0 {
		t.Errorf("what is kept: %d gone, %d entries, %d in order, %d repeats, %d changes", l.gone, len(l.entries), l.order.Len(), len(l.repeats), len(l.changes))
	}
}

// TestLedgerIsBounded also while nobody hears it.
func TestLedgerIsBounded(t *testing.T) {
	l := newLedger()
	l.limit = 500
	for i := range 600 {
		l.set("a", []names.Record{{Address: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), Names: []string{"x"}}}, time.Now())
	}
	if l.gone != l.limit {
		t.Errorf("%d pairs are remembered as gone, want at most %d", l.gone, l.limit)
	}
	l.sayAll(time.Now())
	if len(l.entries) > l.limit+1 {
		t.Errorf("%d entries are kept", len(l.entries))
	}
}

func TestReadInterval(t *testing.T) {
	for said, want := range map[string]time.Duration{
		`{"id":"0-x","host":"10.0.0.1","minimumRegisterIntervalInSeconds":60,"pruneThresholdInSeconds":120}`: time.Minute,
		`{"minimumRegisterIntervalInSeconds":1}`:                    time.Second,
		`{"minimumRegisterIntervalInSeconds":100}`:                  time.Minute,
		`{"minimumRegisterIntervalInSeconds":9000000000000000000}`:  time.Minute,
		`{"minimumRegisterIntervalInSeconds":90000000000000000000}`: 0,
		`{"minimumRegisterIntervalInSeconds":0}`:                    0,
		`{"minimumRegisterIntervalInSeconds":-5}`:                   0,
		`{"minimumRegisterIntervalInSeconds":"60"}`:                 0,
		`{}`: 0, `nonsense`: 0, ``: 0,
	} {
		if got, ok := readInterval([]byte(said)); got != want || ok != (want > 0) {
			t.Errorf("%s: %s, %t, want %s", said, got, ok, want)
		}
	}
}

func TestPayload(t *testing.T) {
	m := message{register, netip.MustParseAddr("10.0.0.1"), []string{"a.b", "b"}}
	if got, want := string(m.payload()), `{"host":"10.0.0.1","uris":["a.b","b"]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestQuiet(t *testing.T) {
	if err := quiet(3 * time.Minute); err != nil {
		t.Error(err)
	}
	err := quiet(3*time.Minute + time.Second)
	if err == nil || !strings.Contains(err.Error(), "no service-discovery-controller has said anything for 3m1s. Check that it runs, and that it uses the same NATS servers") {
		t.Error(err)
	}
}
