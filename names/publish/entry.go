package publish

import (
	"container/list"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// entry is what there is to say of an address.
type entry struct {
	address netip.Addr
	wanted  map[string]int       // names, and how many scopes want each
	gone    map[string]time.Time // names that were said and aren't wanted any more, and when they are forgotten; zero: nobody was told yet
	added   bool                 // a name has come that nobody was told of
	removed bool                 // a name has gone and nobody was told

	changed bool          // it is among ledger.changes
	repeat  time.Time     // when the last change is said again; zero: it was
	element *list.Element // in ledger.order, while anything is wanted
}

// want adds a name.
func (e *entry) want(name string) {
	e.wanted[name]++
	if e.wanted[name] == 1 {
		delete(e.gone, name)
		e.added = true
	}
}

// drop takes a name back, and tells whether nobody wants it any more.
func (e *entry) drop(name string) bool {
	e.wanted[name]--
	if e.wanted[name] > 0 {
		return false
	}
	delete(e.wanted, name)
	e.removed = true
	return true
}

func (e *entry) registration() (message, bool) {
	return message{register, e.address, slices.Sorted(maps.Keys(e.wanted))}, len(e.wanted) > 0
}

// withdrawal is what is gone. Whoever takes it says it: from now on it is
// remembered for goneLife.
func (e *entry) withdrawal(now time.Time) (message, bool) {
	for name, until := range e.gone {
		if until.IsZero() {
			e.gone[name] = now.Add(goneLife)
		}
	}
	return message{unregister, e.address, slices.Sorted(maps.Keys(e.gone))}, len(e.gone) > 0
}

// forget forgets what has been gone long enough, and tells how many names.
func (e *entry) forget(now time.Time) int {
	before := len(e.gone)
	maps.DeleteFunc(e.gone, func(_ string, until time.Time) bool { return !until.IsZero() && now.After(until) })
	return before - len(e.gone)
}

func (e *entry) isEmpty() bool { return len(e.wanted) == 0 && len(e.gone) == 0 }
