package probe

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestMeets: what a dialler waits for comes about by answers, and by their absence.
func TestMeets(t *testing.T) {
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	never, early := Report{Began: begun}, Report{Began: begun}
	early.note(begun.Add(time.Second))
	for name, c := range map[string]struct {
		report Report
		until  Until
		after  time.Duration
		want   bool
	}{
		"silent, too soon":              {never, Silent, quiet - 1, false},
		"silent":                        {never, Silent, quiet, true},
		"silent, too soon after":        {early, Silent, quiet, false},
		"silent after an answer":        {early, Silent, quiet + time.Second, true},
		"not answered":                  {never, Answered, time.Hour, false},
		"answered":                      {early, Answered, time.Second, true},
		"closed, but it was never open": {never, Closed, time.Hour, false},
		"open still":                    {early, Closed, quiet, false},
		"closed":                        {early, Closed, quiet + time.Second, true},
		"nothing that there is":         {early, "open", time.Hour, false},
	} {
		if got := c.report.meets(c.until, begun.Add(c.after)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestDial: a dialler is answered by who listens with its word, and by nobody else.
func TestDial(t *testing.T) {
	address := free(t)
	listening, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Listen(listening, address, "word") }()
	dial := func(word string, until Until, patience time.Duration) Report {
		return Dialler{Address: address, Word: word, Until: until, Patience: patience}.Dial(t.Context())
	}
	if r := dial("word", Answered, time.Minute); !r.Met || r.Answers != 1 || r.First.IsZero() || r.First != r.Last || r.First.Before(r.Began) {
		t.Errorf("answered: %+v", r)
	}
	for _, word := range []string{"wor", "words", "other"} {
		if r := dial(word, Answered, time.Second); r.Met || r.Answers > 0 || r.Tries == 0 {
			t.Errorf("with the word %s: %+v", word, r)
		}
	}
	closed := make(chan Report, 1)
	go func() { closed <- dial("word", Closed, time.Minute) }()
	if r := dial("word", Silent, 2*time.Second); r.Met || r.Answers < 2 {
		t.Errorf("silent: %+v", r)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the listener ended with %v", err)
	}
	if r := <-closed; !r.Met || r.Answers < 2 || r.Last.Before(r.First) {
		t.Errorf("closed: %+v", r)
	}
}

// TestRun: what a container is told to do by its arguments it does, and tells.
func TestRun(t *testing.T) {
	address, file := free(t), filepath.Join(t.TempDir(), "told")
	listening, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(listening, ListenArgs(address, "word")[2:]) }()
	if err := Run(t.Context(), Dialler{Address: address, Word: "word", Until: Answered, Patience: time.Minute}.Args(file)[2:]); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Read(string(text)); err != nil || !r.Met || r.Answers != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Read("no such file"); err == nil {
		t.Error("what isn't a report is read")
	}
	for _, args := range [][]string{nil, {"listen"}, {"dial", address, "word", "answered", "soon", file}, {"sing", address, "word"}} {
		if err := Run(t.Context(), args); !errors.Is(err, ErrUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := Run(t.Context(), Dialler{Until: Silent}.Args(t.TempDir())[2:]); err == nil {
		t.Error("a report that can't be written isn't missed")
	}
}

// TestListen: an address that is taken is told.
func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	if err := Listen(t.Context(), taken.Addr().String(), "word"); err == nil {
		t.Error("it listens on an address that is taken")
	}
}

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
