package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

// Publisher publishes what is wanted until it is closed. Its methods may be
// called from any goroutine, and but for Published and Close none waits.
type Publisher struct {
	settings Settings
	metrics  *Metrics
	log      lager.Logger
	wake     chan struct{} // holds one while something may have changed
	cancel   context.CancelFunc
	ended    chan struct{}

	mu       sync.Mutex // guards what follows
	leading  bool
	speaking bool // it leads, or has led and nobody else has been heard since
	takeOver bool // it leads, and hasn't yet said so
	ledger   *ledger
	others   *others
	set      int           // how often something was set
	said     int           // the last of these that NATS has taken
	progress chan struct{} // closed when said changes
	problem  error         // why NATS isn't connected
	answered time.Time     // when a controller last said something; zero: not since the connection was made
	joined   time.Time     // when the connection was made
}

// Start starts a publisher, which publishes nothing before it leads. It connects
// in the background, and without end: that NATS can't be reached, or refuses, is
// told by Problem and logged, each reason once. Check the settings before.
//
// owns tells which names only this broker's replicas publish: what another one has
// published of them is taken back by the next that leads. It must be quick, and
// true of no other broker's. Without it nobody else is listened to, and nothing of
// theirs is taken back: several then publish the same names, each at addresses of its
// own.
func Start(settings Settings, owns func(name string) bool, metrics *Metrics, log lager.Logger) *Publisher {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Publisher{
		settings: settings, metrics: metrics, log: log.Session("names"),
		wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{}),
		ledger: newLedger(), others: newOthers(owns), progress: make(chan struct{}),
		problem: errors.New("the first connection to NATS is being made"),
	}
	go p.run(ctx)
	return p
}

// Set says all that a scope wants to be published from now on; none takes
// everything back that it wanted before. A scope is a label of its names, as a
// namespace is: by it the publisher knows whose the names are that it hears. Scopes
// that want the same name at the same address share it.
func (p *Publisher) Set(scope string, records []names.Record) {
	p.mu.Lock()
	p.ledger.set(scope, records, time.Now())
	p.set++
	p.metrics.names.Set(float64(p.ledger.pairs))
	p.mu.Unlock()
	p.awake()
}

func (p *Publisher) awake() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake
	}
}

// Lead has the publisher publish what is set, and take back whatever else another
// one has published of the scopes that are set. A scope that is set later is judged
// then.
func (p *Publisher) Lead() {
	p.mu.Lock()
	p.leading, p.speaking, p.takeOver = true, true, true
	p.mu.Unlock()
	p.awake()
}

// Follow has the publisher be silent as soon as it hears another one publish its
// names. Until then it goes on.
func (p *Publisher) Follow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leading, p.takeOver = false, false
}

// Published waits until NATS has taken what was set before, where this publisher
// leads; one that follows has nothing to say. The error says why it hasn't, once
// ctx has ended.
func (p *Publisher) Published(ctx context.Context) error {
	p.mu.Lock()
	want := p.set
	for p.speaking && p.said < want {
		progress := p.progress
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return fmt.Errorf("the names aren't published yet: %w", errors.Join(ctx.Err(), p.Problem()))
		case <-p.ended:
			return errors.New("the names weren't published: the publisher was closed")
		case <-progress:
		}
		p.mu.Lock()
	}
	p.mu.Unlock()
	return nil
}

// Problem says why names aren't published right now, or not known to be: NATS is
// away or refuses, or no controller has answered for three intervals.
func (p *Publisher) Problem() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.problem != nil {
		return p.problem
	}
	last := p.joined
	if p.answered.After(last) {
		last = p.answered
	}
	return quiet(time.Since(last))
}

// quiet is the problem that no controller has said anything for so long.
func quiet(since time.Duration) error {
	if since <= 3*longest {
		return nil
	}
	return fmt.Errorf("NATS takes names, but no service-discovery-controller has said anything for %s. Check that it runs, and that it uses the same NATS servers", since.Round(time.Second))
}

// Close ends the publisher, and returns when nothing is published any more. What
// is published stays so for the life of a name, some minutes: long enough for
// another publisher to go on with it.
func (p *Publisher) Close() {
	p.cancel()
	<-p.ended
}
