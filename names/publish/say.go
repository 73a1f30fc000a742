package publish

import (
	"maps"
	"time"
)

// sayChanges hands out what nobody was told of. What is registered comes first,
// so that a name that moves isn't without an address in between.
func (l *ledger) sayChanges(now time.Time) []message {
	changes := l.changes
	l.changes = nil
	var said, withdrawn []message
	for _, e := range changes {
		if m, ok := e.registration(); ok && e.added {
			said = append(said, m)
			l.order.MoveToBack(e.element)
		}
		if m, ok := e.withdrawal(now); ok && e.removed {
			withdrawn = append(withdrawn, m)
		}
		e.added, e.removed, e.changed = false, false, false
		e.repeat = now.Add(repeatAfter)
		l.repeats = append(l.repeats, repeat{e.repeat, e})
		l.settle(e.address)
	}
	return append(said, withdrawn...)
}

// sayRepeats hands out once more what has changed a while ago.
func (l *ledger) sayRepeats(now time.Time) []message {
	var said, withdrawn []message
	for len(l.repeats) > 0 && !l.repeats[0].at.After(now) {
		at, e := l.repeats[0].at, l.repeats[0].entry
		l.repeats = l.repeats[1:]
		if e.repeat != at {
			continue // it has changed once more, and a later one is for that
		}
		e.repeat = time.Time{}
		if m, ok := e.registration(); ok {
			said = append(said, m)
		}
		if m, ok := e.withdrawal(now); ok {
			withdrawn = append(withdrawn, m)
		}
	}
	return append(said, withdrawn...)
}

// margin is how much earlier than asked for everything is registered again.
const margin = 0.9

// sayRenewals hands out what is due of a round that lasts an interval, after
// this much of it has passed: the same number of messages in any second.
func (l *ledger) sayRenewals(passed, interval time.Duration) []message {
	l.credit += float64(l.order.Len()) * passed.Seconds() / (interval.Seconds() * margin)
	due := min(int(l.credit), l.order.Len())
	l.credit = min(l.credit-float64(due), 1)
	var said []message
	for range due {
		element := l.order.Front()
		m, _ := element.Value.(*entry).registration()
		said = append(said, m)
		l.order.MoveToBack(element)
	}
	return said
}

// sayGone hands out what is gone, and forgets what has been gone long enough.
func (l *ledger) sayGone(now time.Time) []message {
	var withdrawn []message
	for address, e := range l.entries {
		l.gone -= e.forget(now)
		if m, ok := e.withdrawal(now); ok {
			withdrawn = append(withdrawn, m)
		}
		l.settle(address)
	}
	return withdrawn
}

// sayAll hands out everything, for somebody who knows nothing or something old.
func (l *ledger) sayAll(now time.Time) []message {
	l.sayChanges(now)
	var said []message
	for element := l.order.Front(); element != nil; element = element.Next() {
		m, _ := element.Value.(*entry).registration()
		said = append(said, m)
	}
	return append(said, l.sayGone(now)...)
}

func (l *ledger) forgetEmptied(now time.Time) {
	maps.DeleteFunc(l.emptied, func(_ string, at time.Time) bool { return now.Sub(at) > goneLife })
}
