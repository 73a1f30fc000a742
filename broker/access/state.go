package access

import (
	"errors"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// event is what happens to a binding.
type event string

// The events.
const (
	// asked: the platform asks for the binding, in whatever words.
	asked event = "asked"
	// askedAgain: it repeats the very request that a tombstone is left of.
	askedAgain event = "asked again"
	// drawnUp: what it hands out and opens is known.
	drawnUp event = "drawn up"
	// opened: its policies are posted.
	opened event = "opened"
	// follows: what it has to open is another now.
	follows event = "follows"
	// unsure: it couldn't be made, and its policies may still be posted.
	unsure event = "unsure"
	// undone: it couldn't be made, and who tried isn't posting its policies any more.
	undone event = "undone"
	// unwanted: the platform, or the instance's delete, has no more use for it.
	unwanted event = "unwanted"
	// owed: a round has seen that something of it is still to be closed. What it
	// saw may be a live binding again by now, acknowledged to a platform that has
	// asked once more.
	owed event = "owed"
)

// errMade says that a binding which was to be undone has been made by another
// replica meanwhile.
var errMade = errors.New("another replica has made the binding")

// next is what becomes of a binding by an event at a time. The error says why
// the event changes nothing: record.ErrExists, the platform gets what there is;
// ErrBusy, somebody else is at it; errMade. life is how long a request may still
// be posting policies after its replica has died, or its connection broken.
//
// A binding that is made within a request is taken back as a tombstone. One that
// is made later stays, so that whoever polls learns why it failed.
func next(b record.Binding, e event, at time.Time, life time.Duration) (record.Binding, error) {
	switch b.State {
	case "", record.Waiting, record.Opening: // "": it has no record yet
		return nextUnmade(b, e, at, life)
	case record.Bound:
		return nextMade(b, e)
	case record.Unmade:
		return nextFailed(b, e)
	}
	return nextRevoking(b, e, at)
}

// nextUnmade is next for a binding that isn't made yet.
func nextUnmade(b record.Binding, e event, at time.Time, life time.Duration) (record.Binding, error) {
	later, opening := b.Operation != nil, b.State == record.Opening
	switch e {
	case asked, askedAgain:
		if later {
			return b, record.ErrExists
		}
		// From now on it isn't cut short any more; who began it may still be posting.
		if until := b.Started.Add(life).UTC(); until.After(at) {
			b.UnsettledUntil = until
		}
		b.Started = at
		return b, nil
	case drawnUp:
		b.State = record.Opening
		return b, nil
	case opened:
		b.State = record.Bound
		return b, nil
	case owed:
		return b, errMade
	case follows:
		return b, locate.ErrBusy
	case unwanted:
		b.State = record.Revoking
	case unsure, undone:
		b.State = record.Revoking
		if later {
			b.State, b.Credentials, b.Endpoints = record.Unmade, nil, nil
		}
	}
	if opening && e != undone && b.Reaches() {
		b.UnsettledUntil = at.Add(life).UTC()
	}
	return b, nil
}

// nextMade is next for a binding that the platform may have been told of.
func nextMade(b record.Binding, e event) (record.Binding, error) {
	switch e {
	case asked, askedAgain, drawnUp, opened:
		return b, record.ErrExists
	case unsure, undone, owed:
		return b, errMade
	case unwanted:
		b.State = record.Revoking
	}
	return b, nil
}

// nextFailed is next for a binding that couldn't be made, as whoever polls is
// told until the platform unbinds it.
func nextFailed(b record.Binding, e event) (record.Binding, error) {
	switch e {
	case asked, askedAgain, drawnUp, opened:
		return b, record.ErrExists
	case follows:
		return b, locate.ErrBusy
	case unwanted:
		b.State = record.Revoking
	}
	return b, nil
}

// nextRevoking is next for a tombstone.
func nextRevoking(b record.Binding, e event, at time.Time) (record.Binding, error) {
	switch e {
	case asked, drawnUp, opened, follows:
		return b, locate.ErrBusy
	case askedAgain:
		b.State, b.Started = record.Opening, at
	}
	return b, nil
}

// settled tells whether nobody is opening any more what the binding has closed.
func settled(b record.Binding, now time.Time) bool { return !now.Before(b.UnsettledUntil) }

// settled is that by what this process knows besides.
func (a *Access) settled(b record.Binding) bool { return settled(b, time.Now()) || a.posted.has(b) }

// Later tells whether the binding is still to be made by itself.
func Later(b record.Binding) bool {
	return b.Operation != nil && (b.State == record.Waiting || b.State == record.Opening)
}

// Ask is what becomes of the binding that there is by a request for it: it exists,
// and the error is record.ErrExists; somebody is at it, and the error is
// locate.ErrBusy; or it is to be made whole, as the record returned says.
func (a *Access) Ask(b, wanted record.Binding) (record.Binding, error) {
	e := asked
	if repeats(wanted, b) {
		e = askedAgain
	}
	return next(b, e, wanted.Started, a.requestLife())
}

// repeats tells whether a request is the very one that a tombstone is left of,
// which only waits for what may still be posted for it.
func repeats(wanted, b record.Binding) bool {
	return b.State == record.Revoking && !b.UnsettledUntil.IsZero() && b.Operation == nil && b.ServiceID == wanted.ServiceID &&
		b.PlanID == wanted.PlanID && b.AppGUID == wanted.AppGUID && string(b.Parameters) == string(wanted.Parameters)
}

// debt is what a round has to do about a binding that may have left something
// open: a tombstone, one that couldn't be made, and one whose request has ended
// without being answered, since the replica that was making it has died.
func debt(b record.Binding, now time.Time, life time.Duration) (e event, owes bool) {
	switch {
	case b.State == record.Revoking, b.State == record.Unmade && b.Reaches():
		return owed, true
	case b.State == record.Opening && b.Operation == nil && now.Sub(b.Started) > life:
		return undone, true
	}
	return "", false
}
