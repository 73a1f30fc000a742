package cf

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Options says how a Server starts. The zero value is a plain-HTTP server on a
// free loopback port with one network.admin client.
type Options struct {
	// Address to listen on, "host:port". Default "127.0.0.1:0", a free port.
	Address string
	// TLS serves https with a certificate of a CA made for this server: see
	// Server.CA.
	TLS bool
	// Client is known to UAA from the start; AddClient adds more. Default:
	// cf-helm-broker with a random secret and the authority network.admin.
	Client Client
	// TokenLife is how long a token is good for. Default 10 minutes. UAA tells
	// it in whole seconds, so a client takes less than a second for no limit.
	TokenLife time.Duration
	// Clock tells the time by which tokens expire. Default time.Now.
	Clock func() time.Time
	// Quota is the number of policies that a network.write client may have per
	// source app. Default 150, as in the policy server's job spec.
	Quota int
	// TagLength is the length of a tag in bytes, which bounds the number of
	// distinct ids in all policies: 255 for 1, 65535 for 2. Default 2.
	TagLength int
	// CommaDestinations has rules of security groups take several destinations, and
	// IPv6 such addresses, as cc.security_groups.enable_comma_delimited_destinations
	// and cc.enable_ipv6.
	CommaDestinations, IPv6 bool
}

// Server is a running stand-in. Its methods may be called from any goroutine.
type Server struct {
	url      string
	client   Client
	quota    int
	rules    ruleFacts
	tls      *tls.Config
	ca       []byte
	http     *http.Server
	ctx      context.Context
	cancel   context.CancelFunc
	done     chan struct{}
	uaa      *uaa
	cc       *cloudController
	policies *policyStore
	credHub  *credHub
	faults   *faults
	record   *record
}

// Start listens and serves until Close is called.
func Start(options Options) (*Server, error) {
	options = withDefaults(options)
	listener, err := net.Listen("tcp", options.Address)
	if err != nil {
		return nil, fmt.Errorf("listening for the Cloud Foundry stand-in: %w", err)
	}
	s := newServer(options, listener.Addr())
	if options.TLS {
		if s.tls, s.ca, err = selfMadeTLS(options.Address); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		s.url = "https://" + listener.Addr().String()
		listener = tls.NewListener(listener, s.tls)
	}
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // always http.ErrServerClosed: it ends by Close alone
	}()
	return s, nil
}

func withDefaults(o Options) Options {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Client.ID == "" {
		o.Client = Client{ID: "cf-helm-broker", Secret: rand.Text(), Authorities: []string{networkAdmin}}
	}
	if o.TokenLife == 0 {
		o.TokenLife = 10 * time.Minute
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Quota == 0 {
		o.Quota = 150
	}
	if o.TagLength == 0 {
		o.TagLength = 2
	}
	return o
}

func newServer(o Options, address net.Addr) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		url:      "http://" + address.String(),
		client:   o.Client,
		quota:    o.Quota,
		rules:    ruleFacts{commas: o.CommaDestinations, ipv6: o.IPv6},
		ctx:      ctx,
		cancel:   cancel,
		done:     make(chan struct{}),
		uaa:      newUAA(o.TokenLife, o.Clock),
		cc:       newCloudController(o.Clock),
		policies: newPolicyStore(o.TagLength),
		credHub:  newCredHub(o.Clock),
		faults:   &faults{},
		record:   &record{requests: map[string]int{}},
	}
	s.AddClient(o.Client)
	return s
}

// URL is the CF API's address, without a trailing slash.
func (s *Server) URL() string { return s.url }

// Client is the options' client.
func (s *Server) Client() Client { return s.client }

// CA is the certificate of the server's CA in PEM, nil without TLS.
func (s *Server) CA() []byte { return s.ca }

// HTTPClient is a new client that trusts the server's CA.
func (s *Server) HTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if ca := s.CA(); ca != nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: transport}
}

// Close ends the server and every request still under way, also slow ones.
func (s *Server) Close() {
	s.cancel()
	_ = s.http.Close()
	<-s.done
}
