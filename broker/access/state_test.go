package access

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestNext has a cell for each state and event: the state that follows, "+" where
// its policies may still be posted for a while, "." where nothing changes; or why
// the event comes too late or too early.
func TestNext(t *testing.T) {
	const grid = `
		state          | asked    | asked again | drawn up | opened | follows | unsure    | undone   | unwanted  | owed
		waiting        | exists   | exists      | opening  | bound  | busy    | failed    | failed   | revoking  | made
		opening        | opening* | opening*    | .        | bound  | busy    | revoking+ | revoking | revoking+ | made
		opening, later | exists   | exists      | .        | bound  | busy    | failed+   | failed   | revoking+ | made
		bound          | exists   | exists      | exists   | exists | .       | made      | made     | revoking  | made
		failed         | exists   | exists      | exists   | exists | busy    | .         | .        | revoking  | .
		revoking       | busy     | opening*    | busy     | busy   | busy    | .         | .        | .         | .
	`
	rows := strings.Split(strings.TrimSpace(grid), "\n")
	events := cells(rows[0])[1:]
	for _, row := range rows[1:] {
		want := cells(row)
		for n, e := range events {
			if got := become(want[0], event(e)); got != want[n+1] {
				t.Errorf("%s by %q: %s, want %s", want[0], e, got, want[n+1])
			}
		}
	}
}

func cells(row string) []string {
	all := strings.Split(row, "|")
	for n := range all {
		all[n] = strings.TrimSpace(all[n])
	}
	return all
}

// become is the cell of a state and an event.
func become(state string, e event) string {
	at := time.Now().UTC()
	name, later := strings.CutSuffix(state, ", later")
	b := record.Binding{State: record.BindingState(name)}
	if later || b.State == record.Waiting || b.State == record.Unmade {
		b.Operation = &record.BindOperation{}
	}
	if b.State != record.Waiting {
		b.Policies = []policy.Policy{policy.To("app", "i", "tcp", 1)}
	}
	if b.State != record.Waiting && b.State != record.Unmade {
		b.Credentials = []byte("{}")
	}
	after, err := next(b, e, at, time.Minute)
	switch {
	case errors.Is(err, record.ErrExists):
		return "exists"
	case errors.Is(err, locate.ErrBusy):
		return "busy"
	case errors.Is(err, errMade):
		return "made"
	case err != nil:
		return err.Error()
	}
	text := string(after.State)
	switch {
	case after.State == record.Unmade && after.Credentials != nil:
		text += " with credentials"
	case after.Started.Equal(at):
		text += "*"
	case !after.UnsettledUntil.IsZero():
		text += "+"
	case after.State == b.State:
		text = "."
	}
	return text
}

// TestUnsettled: a tombstone of what somebody may be opening stays for as long as
// a request lives; what is noted of a live binding's posting goes on to its
// tombstone, and so does what an earlier request may be posting of a binding that
// a later one has taken over.
func TestUnsettled(t *testing.T) {
	now := time.Now().UTC()
	posting := now.Add(time.Hour)
	for _, c := range []struct {
		state record.BindingState
		noted time.Time
		e     event
		want  time.Time
	}{
		{record.Opening, time.Time{}, unwanted, now.Add(time.Minute)},
		{record.Opening, time.Time{}, undone, time.Time{}},
		{record.Opening, posting, undone, posting}, // somebody else is
		{record.Opening, time.Time{}, asked, now.Add(time.Minute - time.Second)},
		{record.Bound, posting, unwanted, posting},
		{record.Bound, time.Time{}, unwanted, time.Time{}},
		{record.Revoking, posting, owed, posting},
	} {
		for what, b := range map[string]record.Binding{"policies": {Policies: []policy.Policy{{}}}, "credentials in CredHub": {CredHub: &record.CredHub{}}} {
			b.State, b.UnsettledUntil, b.Started = c.state, c.noted, now.Add(-time.Second)
			got, err := next(b, c.e, now, time.Minute)
			if err != nil || !got.UnsettledUntil.Equal(c.want) || settled(got, now) != !now.Before(c.want) {
				t.Errorf("%s with %s by %s: until %s, %v, want %s", c.state, what, c.e, got.UnsettledUntil, err, c.want)
			}
		}

	}
}

// TestDebt: rounds see to tombstones, to what couldn't be made, and to what was
// cut short, after the time that a request lives.
func TestDebt(t *testing.T) {
	now, policies, later := time.Now(), []policy.Policy{{}}, &record.BindOperation{}
	for _, c := range []struct {
		b    record.Binding
		want string
	}{
		{record.Binding{State: record.Waiting, Operation: later}, ""},
		{record.Binding{State: record.Bound, Policies: policies}, ""},
		{record.Binding{State: record.Revoking}, "owed"},
		{record.Binding{State: record.Unmade, Operation: later}, ""},
		{record.Binding{State: record.Unmade, Operation: later, Policies: policies}, "owed"},
		{record.Binding{State: record.Unmade, Operation: later, CredHub: &record.CredHub{}}, "owed"},
		{record.Binding{State: record.Opening, Policies: policies, Started: now}, ""},
		{record.Binding{State: record.Opening, Policies: policies, Started: now.Add(-2 * time.Minute)}, "undone"},
		{record.Binding{State: record.Opening, Policies: policies, Started: now.Add(-2 * time.Minute), Operation: later}, ""},
	} {
		if e, owes := debt(c.b, now, time.Minute); string(e) != c.want || owes != (c.want != "") {
			t.Errorf("%+v: %q, want %q", c.b, e, c.want)
		}
	}
}

// TestRepeats: only the very same request brings a tombstone back, and only one
// that nobody has unbound for good.
func TestRepeats(t *testing.T) {
	grave := record.Binding{State: record.Revoking, ServiceID: "s", PlanID: "p", AppGUID: "a", Parameters: []byte(`{}`), UnsettledUntil: time.Now()}
	wanted := record.Binding{ServiceID: "s", PlanID: "p", AppGUID: "a", Parameters: []byte(`{}`)}
	if !repeats(wanted, grave) {
		t.Error("the same request isn't taken for that")
	}
	for name, change := range map[string]func(b *record.Binding){
		"bound":            func(b *record.Binding) { b.State = record.Bound },
		"settled":          func(b *record.Binding) { b.UnsettledUntil = time.Time{} },
		"made later":       func(b *record.Binding) { b.Operation = &record.BindOperation{} },
		"other service":    func(b *record.Binding) { b.ServiceID = "t" },
		"other plan":       func(b *record.Binding) { b.PlanID = "q" },
		"other app":        func(b *record.Binding) { b.AppGUID = "b" },
		"other parameters": func(b *record.Binding) { b.Parameters = []byte(fmt.Sprintf(`{"n": %d}`, 1)) },
	} {
		b := grave
		change(&b)
		if repeats(wanted, b) {
			t.Errorf("%s: it is taken for the same request", name)
		}
	}
}

// TestCouldNot: of several networks, or parts of one, none may be about to open anything.
func TestCouldNot(t *testing.T) {
	refused, dial, lost := &policy.Error{Status: 403}, &net.OpError{Op: "dial", Err: errors.New("refused")}, &net.OpError{Op: "read", Err: errors.New("reset")}
	for want, causes := range map[event][]error{
		undone: {refused, dial, errors.Join(refused, dial), fmt.Errorf("opening: %w", &PendingError{errors.Join(dial, refused)})},
		unsure: {lost, errors.New("whatever"), errors.Join(refused, lost), errors.Join(dial, fmt.Errorf("writing: %w", lost)), errors.Join(refused, errors.Join(dial, lost)),
			fmt.Errorf("opening: %w", &PendingError{errors.Join(dial, &policy.Error{Status: 502})})},
	} {
		for _, cause := range causes {
			if got := couldNot(cause); got != want {
				t.Errorf("%v: %s, want %s", cause, got, want)
			}
		}
	}
}
