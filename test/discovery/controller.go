package discovery

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// registration is what service-discovery.register and unregister carry
// (subscriber.go, RegistryMessage). Whatever else is in there is ignored.
type registration struct {
	Address string   `json:"host"`
	Names   []string `json:"uris"`
}

// announcement is what service-discovery.start carries, and the answer to a greeting
// (subscriber.go, ServiceDiscoveryStartMessage).
type announcement struct {
	ID       string `json:"id"`
	Host     string `json:"host"`
	Interval int    `json:"minimumRegisterIntervalInSeconds"`
	Prune    int    `json:"pruneThresholdInSeconds"`
}

// controller is a running service-discovery-controller.
type controller struct {
	server *Server
	table  *table
	conn   *nats.Conn
	hello  []byte
	stop   chan struct{}
}

// StartController starts a controller that knows nothing yet, and announces itself.
func (s *Server) StartController() error {
	c := &controller{server: s, table: newTable(s.options, time.Now), stop: make(chan struct{})}
	hello := announcement{ID: "0-" + rand.Text(), Host: "127.0.0.1", Interval: int(s.options.Interval / time.Second), Prune: 120}
	var err error
	if c.hello, err = json.Marshal(hello); err != nil {
		return err
	}
	if err := c.connect(); err != nil {
		return fmt.Errorf("connecting the controller to NATS: %w", err)
	}
	// The real one announces itself before it listens, too (subscriber.go, RunOnce).
	err = errors.Join(c.announce(), c.listen())
	if err != nil {
		c.conn.Close()
		return fmt.Errorf("starting the controller: %w", err)
	}
	go c.work()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.controller = c
	return nil
}

// StopController ends the controller, and what it knows. DNS answers SERVFAIL then.
func (s *Server) StopController() {
	s.mu.Lock()
	c := s.controller
	s.controller = nil
	s.mu.Unlock()
	if c == nil {
		return
	}
	close(c.stop)
	c.conn.Close()
}

func (c *controller) connect() error {
	s := c.server
	options := []nats.Option{
		nats.UserInfo(s.user, s.password), nats.Timeout(20 * time.Second), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { c.table.pause() }),
		nats.ReconnectHandler(func(*nats.Conn) {
			c.table.resume()
			_ = c.announce() // NATS away again: it is announced next time
		}),
	}
	if !s.options.Plain {
		options = append(options, nats.Secure(s.identity.config))
	}
	var err error
	c.conn, err = nats.Connect(strings.Join(s.Servers(), ","), options...)
	return err
}

func (c *controller) announce() error { return c.conn.Publish("service-discovery.start", c.hello) }

func (c *controller) listen() error {
	_, greet := c.conn.Subscribe("service-discovery.greet", func(m *nats.Msg) { _ = m.Respond(c.hello) })
	if err := errors.Join(greet, c.conn.Flush()); err != nil {
		return err
	}
	_, register := c.conn.Subscribe("service-discovery.register", func(m *nats.Msg) {
		if r, ok := read(m); ok && r.Address != "" {
			c.table.add(r.Names, r.Address)
			c.server.hear(Register, r)
		}
	})
	_, unregister := c.conn.Subscribe("service-discovery.unregister", func(m *nats.Msg) {
		if r, ok := read(m); ok {
			c.table.remove(r.Names, r.Address)
			c.server.hear(Unregister, r)
		}
	})
	// Whoever has started one may rely on its listening.
	return errors.Join(register, unregister, c.conn.Flush())
}

// read reads a message; what it can't read is left out.
func read(m *nats.Msg) (registration, bool) {
	var r registration
	err := json.Unmarshal(m.Data, &r)
	return r, err == nil && len(r.Names) > 0
}

// work warms up and prunes until the controller is stopped.
func (c *controller) work() {
	warm := time.NewTimer(c.server.options.Warm)
	defer warm.Stop()
	prune := time.NewTicker(c.server.options.Pruning)
	defer prune.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-warm.C:
			c.table.setWarm()
		case <-prune.C:
			c.table.prune()
		}
	}
}

// lookup is what the controller answers DNS with.
func (s *Server) lookup(name string) ([]string, bool) {
	s.mu.Lock()
	c := s.controller
	s.mu.Unlock()
	if c == nil {
		return nil, false
	}
	return c.table.lookup(name)
}
