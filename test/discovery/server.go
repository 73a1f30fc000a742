package discovery

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// Server is a running service discovery. Its methods may be called from any goroutine.
type Server struct {
	options  Options
	user     string
	password string
	dir      string
	identity *identity
	nats     *natsCluster
	dns      *dnsServer

	mu         sync.Mutex // guards what follows
	controller *controller
	heard      []Message
}

// Start starts NATS, a controller and DNS. The caller owes the server a Close.
func Start(options Options) (_ *Server, err error) {
	s := &Server{options: options.withDefaults(), user: "nats", password: rand.Text()}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("starting the service discovery stand-in: %w", err), s.Close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "service-discovery-"); err != nil {
		return nil, err
	}
	if s.identity, err = newIdentity(s.dir); err != nil {
		return nil, err
	}
	if s.nats, err = startNATS(s); err != nil {
		return nil, err
	}
	if err := s.StartController(); err != nil {
		return nil, err
	}
	if s.dns, err = startDNS(s); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends everything and removes its files.
func (s *Server) Close() error {
	if s.dns != nil {
		s.dns.close()
	}
	s.StopController()
	if s.nats != nil {
		s.nats.close()
	}
	return os.RemoveAll(s.dir)
}

// Settings are a broker's that publishes names to it.
func (s *Server) Settings() map[string]string {
	return map[string]string{
		"ADDRESSES": "names", "NATS_SERVERS": strings.Join(s.Servers(), ","), "NATS_USER": s.User(), "NATS_PASSWORD": s.Password(),
		"NATS_CA_FILE": s.CAFile(), "NATS_CERT_FILE": s.CertFile(), "NATS_KEY_FILE": s.KeyFile(),
	}
}

// Servers are the NATS servers, as host:port.
func (s *Server) Servers() []string { return s.nats.addresses() }

// User is who the NATS servers let in.
func (s *Server) User() string { return s.user }

// Password is the user's.
func (s *Server) Password() string { return s.password }

// CAFile is the certificate of the CA that has signed everybody's.
func (s *Server) CAFile() string { return s.identity.client.ca }

// CertFile is a client's certificate.
func (s *Server) CertFile() string { return s.identity.client.certificate }

// KeyFile is its key.
func (s *Server) KeyFile() string { return s.identity.client.key }

// StrangerCAFile is the certificate of another CA.
func (s *Server) StrangerCAFile() string { return s.identity.stranger.ca }

// StrangerCertFile is a client's certificate that this other CA has signed.
func (s *Server) StrangerCertFile() string { return s.identity.stranger.certificate }

// StrangerKeyFile is its key.
func (s *Server) StrangerKeyFile() string { return s.identity.stranger.key }
