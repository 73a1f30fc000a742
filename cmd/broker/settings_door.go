package main

import (
	"errors"
	"fmt"
	"strings"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// DoorSettings say who may come in. Its name is exported for env, as that of
// KubernetesSettings is.
type DoorSettings struct {
	Username        string `env:"SECURITY_USER_NAME" help:"user name of the platform's basic authentication; needed unless there is a CREDENTIALS_FILE"`
	Password        string `env:"SECURITY_USER_PASSWORD" help:"its password"`
	CredentialsFile string `env:"CREDENTIALS_FILE" help:"file of lines user:password, any of which signs in, beside SECURITY_USER_NAME if that is set; read again when it changes"`

	TLSCertFile     string `env:"TLS_CERT_FILE" help:"PEM certificate chain; with TLS_KEY_FILE the broker speaks HTTPS; both are read again when they change"`
	TLSKeyFile      string `env:"TLS_KEY_FILE" help:"PEM key of TLS_CERT_FILE"`
	TLSClientCAFile string `env:"TLS_CLIENT_CA_FILE" help:"PEM certificates of CAs; with it whatever needs a password needs a client certificate of theirs, too; read again when it changes"`

	FailedLogins   int      `env:"FAILED_LOGINS_PER_MINUTE" envDefault:"10" help:"wrong passwords that an address may send before it is answered 429 for a while; 0: any number"`
	TrustedProxies []string `env:"TRUSTED_PROXIES" help:"addresses and networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8,192.0.2.1, private for all private ones, or nearest for whoever connects"`
	PublicStatus   bool     `env:"PUBLIC_STATUS" envDefault:"false" help:"show /metrics and all of /readyz without a password; otherwise /readyz says only whether the broker is ready"`
	RequestsAtOnce int64    `env:"REQUESTS_AT_ONCE" envDefault:"500" help:"requests at once; beyond them the answer is 503"`
}

func (d DoorSettings) check() error {
	var wrong []error
	refuse := func(bad bool, words string) {
		if bad {
			wrong = append(wrong, errors.New(words))
		}
	}
	refuse((d.Username == "") != (d.Password == ""), "SECURITY_USER_NAME and SECURITY_USER_PASSWORD go together")
	refuse(d.Username == "" && d.Password == "" && d.CredentialsFile == "", "SECURITY_USER_NAME and SECURITY_USER_PASSWORD are needed, or CREDENTIALS_FILE")
	refuse(strings.Contains(d.Username, ":"), "SECURITY_USER_NAME must have no colon, which basic authentication doesn't allow")
	refuse((d.TLSCertFile == "") != (d.TLSKeyFile == ""), "TLS_CERT_FILE and TLS_KEY_FILE go together")
	refuse(d.TLSClientCAFile != "" && d.TLSCertFile == "", "TLS_CLIENT_CA_FILE needs TLS_CERT_FILE and TLS_KEY_FILE")
	refuse(d.FailedLogins < 0 || d.FailedLogins > 10000, "FAILED_LOGINS_PER_MINUTE must be from 0 to 10000")
	refuse(d.RequestsAtOnce < 1, "REQUESTS_AT_ONCE must be at least 1")
	if _, err := door.ParseProxies(d.TrustedProxies); err != nil {
		wrong = append(wrong, fmt.Errorf("TRUSTED_PROXIES: %w", err))
	}
	_, err := followFiles(d, lager.NewLogger(""))
	return errors.Join(append(wrong, err)...)
}
