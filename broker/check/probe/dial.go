package probe

import (
	"context"
	"io"
	"net"
	"time"
)

// Until is what a dialler waits for.
type Until string

// What there is to be waited for.
const (
	// Silent: no connection is answered any more.
	Silent Until = "silent"
	// Answered: one is.
	Answered Until = "answered"
	// Closed: one is, and later none any more.
	Closed Until = "closed"
)

const (
	// pause is the time from one try to the next, which doesn't wait for that one: packets
	// may be lost, and the network is to be seen as it changes.
	pause = 50 * time.Millisecond
	// tryLimit ends a try.
	tryLimit = time.Second
	// quiet is how long nothing has to be answered for silence. It is longer than a try.
	quiet = 3 * time.Second
)

// Dialler connects to an address again and again.
type Dialler struct {
	Address string
	// Word is what is answered there. Somebody else may come to have the address.
	Word     string
	Until    Until
	Patience time.Duration
}

// Report is what came of it, by this host's clock.
type Report struct {
	Tries   int `json:"tries"`
	Answers int `json:"answers"`
	// Began is when the first try was made, and First and Last are the times of answers.
	Began time.Time `json:"began"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Met tells whether what was waited for has come about.
	Met bool `json:"met"`
}

// Dial connects until that has come about which the dialler waits for, or its patience or ctx
// is at an end.
func (d Dialler) Dial(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	answers, again := make(chan time.Time), time.NewTicker(pause)
	defer again.Stop()
	for r := (Report{Began: time.Now()}); ; {
		select {
		case <-ctx.Done():
			return r
		case at := <-answers:
			r.note(at)
		case <-again.C:
			r.Tries++
			go d.try(ctx, answers)
		}
		if r.Met = r.meets(d.Until, time.Now()); r.Met {
			return r
		}
	}
}

// try connects once, and tells if the word is answered.
func (d Dialler) try(ctx context.Context, answers chan<- time.Time) {
	limited, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	connection, err := (&net.Dialer{}).DialContext(limited, "tcp", d.Address)
	if err != nil {
		return
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(tryLimit)) // it fails where there is no connection any more
	said, err := io.ReadAll(io.LimitReader(connection, int64(len(d.Word))+1))
	if err != nil || string(said) != d.Word {
		return
	}
	select {
	case answers <- time.Now():
	case <-ctx.Done():
	}
}

func (r *Report) note(at time.Time) {
	r.Answers++
	if r.First.IsZero() {
		r.First = at
	}
	r.Last = at
}

func (r *Report) meets(until Until, now time.Time) bool {
	since := r.Began
	if r.Answers > 0 {
		since = r.Last
	}
	silent := now.Sub(since) >= quiet
	switch until {
	case Silent:
		return silent
	case Answered:
		return r.Answers > 0
	case Closed:
		return r.Answers > 0 && silent
	}
	return false
}
