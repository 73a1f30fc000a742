package discovery

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// table is what the controller knows: addresses by name. It does as
// addresstable/address_table.go of cf-networking-release does: names are one
// whatever their case, with or without a dot at the end; addresses are any text;
// whoever registers, a name's addresses are merged.
type table struct {
	staleness time.Duration
	delay     time.Duration // after NATS was back, before names are pruned again
	now       func() time.Time

	mu      sync.RWMutex                    // guards what follows
	names   map[string]map[string]time.Time // name → address → last registered
	paused  bool
	resumed time.Time
	warm    bool
}

func newTable(o Options, now func() time.Time) *table {
	return &table{staleness: o.Staleness, delay: o.Interval, now: now, names: map[string]map[string]time.Time{}}
}

func (t *table) add(names []string, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		key := keyOf(name)
		if t.names[key] == nil {
			t.names[key] = map[string]time.Time{}
		}
		t.names[key][address] = t.now()
	}
}

func (t *table) remove(names []string, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		delete(t.names[keyOf(name)], address)
	}
}

func (t *table) lookup(name string) (addresses []string, warm bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.names[keyOf(name)])), t.warm
}

// prune removes what is stale, unless NATS is away or has only just come back.
func (t *table) prune() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.paused || now.Sub(t.resumed) < t.delay {
		return
	}
	for name, addresses := range t.names {
		maps.DeleteFunc(addresses, func(_ string, registered time.Time) bool { return now.Sub(registered) > t.staleness })
		if len(addresses) == 0 {
			delete(t.names, name)
		}
	}
}

func (t *table) pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused = true
}

func (t *table) resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused, t.resumed = false, t.now()
}

func (t *table) setWarm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.warm = true
}

func keyOf(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") + "." }
