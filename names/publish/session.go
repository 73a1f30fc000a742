package publish

import (
	"context"
	"fmt"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/nats-io/nats.go"
)

const (
	// greetAgain is how long a greeting waits for an answer, as in route-emitter
	// (scheduler/routebroadcastscheduler.go).
	greetAgain = time.Second
	// calm is the least time between two times that everything is said, however
	// many controllers start.
	calm = time.Second
	// patience is how long NATS may take for what it was sent.
	patience = 10 * time.Second
)

// session is one connection.
type session struct {
	*Publisher
	conn    *nats.Conn
	closed  <-chan struct{}
	inbox   string
	starts  chan *nats.Msg // a controller has started
	answers chan *nats.Msg // one has answered a greeting
	speech  chan *nats.Msg // somebody else has published something

	interval time.Duration
	greeted  time.Time // when the last greeting was sent
	replied  bool      // whether a controller has answered it
	renewed  time.Time // up to when renewals were said
	rounded  time.Time // when what is due once an interval was done
	saidAll  time.Time // when everything was said
	owed     int       // how often everything is to be said again, to a controller that has started
}

// session connects, says everything, and keeps on until the connection or ctx
// ends. The error says why it has ended.
func (p *Publisher) session(ctx context.Context) error {
	conn, closed, err := p.connect(ctx)
	if err != nil {
		return p.explain(err)
	}
	defer conn.Close()
	s := &session{
		Publisher: p, conn: conn, closed: closed, inbox: conn.NewInbox(),
		starts: make(chan *nats.Msg, 8), answers: make(chan *nats.Msg, 64), speech: make(chan *nats.Msg, 4096),
		interval: longest, renewed: time.Now(), rounded: time.Now(),
	}
	if err := s.listen(); err != nil {
		return p.explain(err)
	}
	p.connected(conn.ConnectedAddr())
	if err := s.work(ctx); err != nil {
		return p.explain(err)
	}
	return ctx.Err()
}

func (s *session) listen() error {
	heard := map[string]chan *nats.Msg{subjects + "start": s.starts, s.inbox: s.answers}
	if s.others.owns != nil {
		heard[subjects+string(register)] = s.speech
		heard[subjects+string(unregister)] = s.speech // by one channel, both are read in their order
	}
	for subject, channel := range heard {
		if _, err := s.conn.ChanSubscribe(subject, channel); err != nil {
			return err
		}
	}
	return nil
}

// tick is how often the session looks for what is due: a thousandth of the
// longest interval, and a twentieth of the shortest.
const tick = 50 * time.Millisecond

func (s *session) work(ctx context.Context) error {
	if err := s.sayAll(ctx); err != nil {
		return err
	}
	if err := s.greet(); err != nil {
		return err
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-s.closed:
			return s.ended()
		case <-s.wake:
			err = s.sayChanges(ctx)
		case m := <-s.speech:
			s.overhear(m)
		case m := <-s.answers:
			s.hear(m)
		case m := <-s.starts:
			s.log.Info("controller-started", lager.Data{"announcement": string(m.Data[:min(len(m.Data), 200)])})
			s.hear(m)
			s.owed = 2 // it announces itself before it listens, and may miss the first
			err = s.sayAllToStarted(ctx, time.Now())
		case now := <-ticker.C:
			err = s.sayDue(ctx, now)
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) ended() error {
	if err := s.conn.LastError(); err != nil {
		return fmt.Errorf("the connection to NATS has ended: %w", err)
	}
	return fmt.Errorf("the connection to NATS has ended: %w", nats.ErrConnectionClosed)
}
