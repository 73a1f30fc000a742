package publish

import (
	"context"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// pause is between two connections, as in route-emitter (diegonats/nats_client.go).
const pause = 500 * time.Millisecond

// run has one session after the other until ctx ends.
func (p *Publisher) run(ctx context.Context) {
	defer close(p.ended)
	for ctx.Err() == nil {
		err := p.session(ctx)
		if ctx.Err() != nil {
			break
		}
		p.disconnected(err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	p.metrics.connected.Set(0)
}

func (p *Publisher) disconnected(err error) {
	p.mu.Lock()
	last := p.problem
	p.problem = err
	p.mu.Unlock()
	p.metrics.connected.Set(0)
	if last == nil || last.Error() != err.Error() {
		p.log.Error("nats-disconnected", err)
	}
}

func (p *Publisher) connected(server string) {
	p.mu.Lock()
	p.problem, p.joined, p.answered = nil, time.Now(), time.Time{}
	p.mu.Unlock()
	p.metrics.connected.Set(1)
	p.log.Info("nats-connected", lager.Data{"server": server})
}
