package publish

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	dialTimeout = 5 * time.Second
	// A connection that is dead without having ended is found out in 15 s.
	pingInterval = 5 * time.Second
	pingsOut     = 2
)

// connect connects to one of the servers. closed is closed when the connection
// has ended. It doesn't reconnect by itself: after each connection everything is
// to be said again, and files are to be read again.
func (p *Publisher) connect(ctx context.Context) (conn *nats.Conn, closed <-chan struct{}, err error) {
	ended := make(chan struct{})
	options := []nats.Option{
		nats.Name("cf-helm-broker"),
		nats.NoReconnect(),
		nats.NoEcho(), // what is heard is somebody else's
		nats.Timeout(dialTimeout),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(pingsOut),
		nats.SetCustomDialer(dialer{ctx}),
		nats.ClosedHandler(func(*nats.Conn) { close(ended) }),
		// A refused message or a slow reader: what matters ends the connection.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if p.settings.User != "" {
		options = append(options, nats.UserInfo(p.settings.User, p.settings.Password))
	}
	config, err := p.settings.tls()
	if err != nil {
		return nil, nil, err
	}
	if config != nil {
		options = append(options, nats.Secure(config))
	}
	conn, err = nats.Connect(strings.Join(p.settings.Servers, ","), options...)
	return conn, ended, err
}

// dialer has connections end with ctx, also while they are being made.
type dialer struct{ ctx context.Context }

// Dial is what nats.CustomDialer asks for.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(d.ctx, network, address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	return &endingConn{conn, stop}, nil
}

// endingConn isn't watched once it is closed.
type endingConn struct {
	net.Conn
	stop func() bool
}

func (c *endingConn) Close() error {
	c.stop()
	return c.Conn.Close()
}
