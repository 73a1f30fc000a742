package pollnow

import (
	"context"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// Poller asks a policy agent as often as is wished for.
type Poller struct {
	url    string
	begin  func() (end func(error))
	log    lager.Logger
	wishes chan struct{}
}

const (
	// tries and pause are for an agent that is being started: its own poll comes
	// within 5 s in any case.
	tries = 3
	pause = 500 * time.Millisecond
)

// New returns a poller. begin is told before each poll, and what it returns how that
// poll has ended.
func New(url string, begin func() (end func(error)), log lager.Logger) *Poller {
	return &Poller{url: url, begin: begin, log: log.Session("poll-now"), wishes: make(chan struct{}, 1)}
}

// Wish asks for a poll that begins after this.
func (p *Poller) Wish() {
	select {
	case p.wishes <- struct{}{}:
	default: // one that hasn't begun is wished for already
	}
}

// Run polls until ctx ends.
func (p *Poller) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wishes:
			p.poll(ctx)
		}
	}
}

func (p *Poller) poll(ctx context.Context) {
	for try := 1; ; try++ {
		begun, end := time.Now(), p.begin()
		err := Ask(ctx, p.url)
		end(err)
		if err == nil {
			p.log.Info("polled", lager.Data{"seconds": time.Since(begun).Seconds()})
			return
		}
		if try == tries || ctx.Err() != nil {
			p.log.Error("not-polled", err, lager.Data{"url": p.url})
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}
