package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/upgrade"
)

// upgradeArguments are those of `broker instances upgrade` alone.
type upgradeArguments struct {
	plan, org, url string
	except         []string
	pace           upgrade.Pace
	held, dryRun   bool
}

func (u *upgradeArguments) define(flags *flag.FlagSet) {
	flags.StringVar(&u.plan, "plan", "", "")
	flags.StringVar(&u.org, "org", "", "")
	flags.StringVar(&u.url, "url", "", "")
	flags.IntVar(&u.pace.Canaries, "canaries", 1, "")
	flags.IntVar(&u.pace.MaxInFlight, "max-in-flight", 5, "")
	flags.Func("except", "", func(id string) error { u.except = append(u.except, id); return nil })
	flags.BoolVar(&u.held, "held", false, "")
	flags.BoolVar(&u.dryRun, "dry-run", false, "")
}

func (u *upgradeArguments) check() error {
	switch {
	case u.pace.Canaries < 0:
		return usageError("--canaries must be 0 or more")
	case u.pace.MaxInFlight < 1:
		return usageError("--max-in-flight must be 1 or more")
	case u.url != "" && !isURL(u.url):
		return usageError("--url must be a URL such as https://cf-helm-broker.example.com, not %q", u.url)
	}
	return nil
}

func (u *upgradeArguments) filter(service string) upgrade.Filter {
	return upgrade.Filter{Service: service, Plan: u.plan, Organization: u.org, Except: u.except, Held: u.held}
}

// newUpgradeClient asks the running broker at the address or, without one, the one that
// this process's settings are of, on this host.
func newUpgradeClient(address string) (*upgrade.Client, error) {
	var s settings
	if err := parse(&s); err != nil {
		return nil, fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	login, err := s.login()
	if err != nil {
		return nil, fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	if address == "" {
		address = s.ownURL()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if isLoopback(address) {
		// Nobody is in between, and the certificate is for the name that the platform uses.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // on this host
	}
	return &upgrade.Client{
		URL: address, User: login.Username, Password: login.Password, Poll: time.Second, Patience: time.Minute,
		HTTP: &http.Client{Transport: transport, Timeout: requestLimit(s) + 15*time.Second, CheckRedirect: refuseRedirects},
	}, nil
}

// ownURL is where a broker with these settings listens, on its own host.
func (s settings) ownURL() string {
	scheme, host := "http", s.Host
	if s.TLSCertFile != "" {
		scheme = "https"
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(s.Port))
}

func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// refuseRedirects keeps the password from going elsewhere.
func refuseRedirects(*http.Request, []*http.Request) error {
	return errors.New("the broker's address leads to another; name that one with --url")
}
