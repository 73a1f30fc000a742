package publish

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Settings say where NATS is and who comes there. Files are read anew for each
// connection, so that certificates may be replaced while the publisher runs.
type Settings struct {
	// Servers are the NATS servers, each host:port. CF's job nats-tls listens on
	// 4224, and nats, without TLS, on 4222.
	Servers []string
	// User and Password are those of CF's jobs, nats.user and nats.password.
	User, Password string
	// CAFile holds the CA's certificates, PEM, that have signed the servers'.
	// Without it there is no TLS.
	CAFile string
	// CertFile and KeyFile are the client's own certificate and its key, PEM.
	CertFile, KeyFile string
	// ServerName is the name that the servers' certificates hold, if it isn't the
	// host in Servers: nats.service.cf.internal where servers are given by address.
	ServerName string
}

// Check tells everything that is wrong with the settings, by the names of the
// environment's variables. It reads the files.
func (s Settings) Check() error {
	var wrong []error
	refuse := func(bad bool, words string) {
		if bad {
			wrong = append(wrong, errors.New(words))
		}
	}
	refuse(len(s.Servers) == 0, "NATS_SERVERS is needed: the NATS servers of Cloud Foundry, such as nats.service.cf.internal:4224")
	for _, server := range s.Servers {
		wrong = append(wrong, checkServer(server))
	}
	refuse((s.User == "") != (s.Password == ""), "NATS_USER and NATS_PASSWORD go together")
	refuse((s.CertFile == "") != (s.KeyFile == ""), "NATS_CERT_FILE and NATS_KEY_FILE go together")
	refuse(s.CertFile != "" && s.CAFile == "", "NATS_CERT_FILE and NATS_KEY_FILE need NATS_CA_FILE")
	refuse(s.ServerName != "" && s.CAFile == "", "NATS_SERVER_NAME needs NATS_CA_FILE")
	if _, err := s.tls(); err != nil {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

func checkServer(server string) error {
	if strings.Contains(server, "://") {
		return fmt.Errorf("NATS_SERVERS: %q must be host:port, without a scheme; a user belongs into NATS_USER and NATS_PASSWORD, and NATS_CA_FILE makes it TLS", withoutUser(server))
	}
	host, port, err := net.SplitHostPort(server)
	if number, wrong := strconv.ParseUint(port, 10, 16); err != nil || host == "" || wrong != nil || number == 0 || strings.Contains(host, "@") {
		return fmt.Errorf("NATS_SERVERS: %q must be host:port, such as nats.service.cf.internal:4224", withoutUser(server))
	}
	return nil
}

// withoutUser leaves out what may be a password.
func withoutUser(server string) string {
	if _, host, found := strings.Cut(server, "@"); found {
		return "…@" + host
	}
	return server
}
