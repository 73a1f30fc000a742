package pollnow

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// Poller asks a policy agent (vxlan-policy-agent, silk-release v3.53.0:
// handlers/force_policy_poll_cycle.go), which answers when the poll is done.
type Poller struct {
	url    string
	done   func(error)
	log    lager.Logger
	wishes chan struct{}
}

const (
	// patience is how long one poll may take: 0.13 to 0.74 s were measured.
	patience = 20 * time.Second
	// tries and pause are for an agent that is being started: its own poll comes
	// within 5 s in any case.
	tries = 3
	pause = 500 * time.Millisecond
)

// New returns a poller; done is told of each poll.
func New(url string, done func(error), log lager.Logger) *Poller {
	return &Poller{url: url, done: done, log: log.Session("poll-now"), wishes: make(chan struct{}, 1)}
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
		begun := time.Now()
		err := p.once(ctx)
		p.done(err)
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

func (p *Poller) once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the node's policy agent can't be asked to poll: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the node's policy agent couldn't poll: %s %s", response.Status, strings.TrimSpace(string(said)))
	}
	return nil
}
