package publish

import (
	"container/list"
	"net/netip"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

const (
	// goneLife is how long what is gone is said again: as long as a controller
	// may remember it, 180 s and 60 s until it looks.
	goneLife = 4 * time.Minute
	// repeatAfter is when a change is said again, since a controller may have
	// read it and the one before in the other order.
	repeatAfter = time.Second
	// maxGone bounds what is remembered of what is gone, in pairs of a name and
	// an address. What is beyond is pruned by the controllers.
	maxGone = 100_000
)

// ledger is what is wanted, and what has been said. It is rules only: who calls
// it says what time it is, and sends what it hands out. Its size is bounded by
// what is wanted, and by maxGone.
type ledger struct {
	scopes  map[string]map[netip.Addr][]string // those that want something
	emptied map[string]time.Time               // those that want nothing any more, and since when; forgotten after goneLife
	entries map[netip.Addr]*entry
	changes []*entry   // in the order of their first change that nobody was told of
	repeats []repeat   // in the order of their times
	order   *list.List // of *entry with something wanted, the one that was said longest ago first
	credit  float64    // of the next renewal, from 0 to 1
	pairs   int        // that are wanted
	gone    int        // pairs that are remembered as gone
	limit   int        // of these: maxGone
}

// repeat is a change that is to be said again.
type repeat struct {
	at    time.Time
	entry *entry
}

func newLedger() *ledger {
	return &ledger{scopes: map[string]map[netip.Addr][]string{}, emptied: map[string]time.Time{}, entries: map[netip.Addr]*entry{}, order: list.New(), limit: maxGone}
}

// set replaces what a scope wants.
func (l *ledger) set(scope string, records []names.Record, at time.Time) {
	before := l.scopes[scope]
	now := make(map[netip.Addr][]string, len(records))
	for _, r := range records {
		now[r.Address] = append(now[r.Address], r.Names...)
	}
	for address, all := range now {
		for _, name := range all {
			l.add(address, name)
		}
	}
	for address, all := range before {
		for _, name := range all {
			l.remove(address, name)
		}
	}
	for address := range before {
		l.settle(address)
	}
	for address := range now {
		l.settle(address)
	}
	l.scopes[scope] = now
	delete(l.emptied, scope)
	if len(now) == 0 {
		delete(l.scopes, scope)
		l.emptied[scope] = at
	}
}

// knows tells whether the scope of a name, which is one of its labels, was set.
func (l *ledger) knows(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if _, wants := l.scopes[label]; wants {
			return true
		}
		if _, emptied := l.emptied[label]; emptied {
			return true
		}
	}
	return false
}

// entry is an address's, a new one if need be.
func (l *ledger) entry(address netip.Addr) *entry {
	e := l.entries[address]
	if e == nil {
		e = &entry{address: address, wanted: map[string]int{}, gone: map[string]time.Time{}}
		l.entries[address] = e
	}
	return e
}

func (l *ledger) add(address netip.Addr, name string) {
	e := l.entry(address)
	gone := len(e.gone)
	e.want(name)
	l.gone -= gone - len(e.gone)
	if e.wanted[name] == 1 {
		l.pairs++
	}
}

func (l *ledger) remove(address netip.Addr, name string) {
	e := l.entries[address]
	if !e.drop(name) {
		return
	}
	l.pairs--
	if l.gone < l.limit {
		e.gone[name] = time.Time{}
		l.gone++
	}
}

// settle puts an entry where its state belongs.
func (l *ledger) settle(address netip.Addr) {
	e := l.entries[address]
	if e == nil {
		return
	}
	if len(e.wanted) > 0 && e.element == nil {
		e.element = l.order.PushBack(e)
	}
	if len(e.wanted) == 0 && e.element != nil {
		l.order.Remove(e.element)
		e.element = nil
	}
	if (e.added || e.removed) && !e.changed {
		e.changed = true
		l.changes = append(l.changes, e)
	}
	if e.isEmpty() && !e.changed {
		delete(l.entries, address)
	}
}

// takeBack has what others have said taken back where it isn't wanted. What is of
// scopes that weren't set yet can't be judged, and stays.
func (l *ledger) takeBack(o *others) {
	for address, all := range o.heard {
		for name := range all {
			if l.knows(name) {
				o.remove(address, name)
				l.takeBackOne(address, name)
			}
		}
	}
}

func (l *ledger) takeBackOne(address netip.Addr, name string) {
	e := l.entry(address)
	if e.wanted[name] == 0 && l.gone < l.limit {
		if _, known := e.gone[name]; !known {
			l.gone++
		}
		e.gone[name], e.removed = time.Time{}, true
	}
	l.settle(address)
}

// discard has nobody told of what has changed.
func (l *ledger) discard() {
	changes := l.changes
	l.changes = nil
	for _, e := range changes {
		l.silence(e)
	}
}

// discardAll has nobody told of anything but what is wanted.
func (l *ledger) discardAll() {
	l.changes, l.repeats = nil, nil
	for _, e := range l.entries {
		l.silence(e)
	}
}

func (l *ledger) silence(e *entry) {
	l.gone -= len(e.gone)
	clear(e.gone)
	e.added, e.removed, e.changed = false, false, false
	l.settle(e.address)
}
