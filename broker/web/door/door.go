package door

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options are what a Door is made of.
type Options struct {
	// Fixed are credentials that open the door as long as the broker runs.
	Fixed Credentials
	// File are others, nil if there is no such file.
	File *Followed[Credentials]
	// ClientCAs is nil if clients need no certificate.
	ClientCAs *Followed[*x509.CertPool]
	// FailuresPerMinute is how many wrong passwords an address may send; 0: any
	// number.
	FailuresPerMinute int
	Proxies           Proxies
	Registry          prometheus.Registerer
}

// Door lets requests in.
type Door struct {
	options  Options
	slow     *slowDown
	failures *prometheus.CounterVec
}

// Refusal is why a request may not come in.
type Refusal struct {
	Reason Reason
	// Wait is how long an address that is slowed has to wait.
	Wait time.Duration
}

// Reason is a cause of refusals, as the metric names it.
type Reason string

// The reasons.
const (
	// Missing is a request without a user and password.
	Missing Reason = "missing"
	// Wrong is one whose user and password don't fit.
	Wrong Reason = "wrong"
	// Slowed is one of an address that sent too many wrong ones; its own were
	// not looked at.
	Slowed Reason = "slowed"
	// NoCertificate is one without a client certificate where one is needed.
	NoCertificate Reason = "no-certificate"
	// WrongCertificate is one whose client certificate isn't valid, or not any
	// more.
	WrongCertificate Reason = "wrong-certificate"
)

// New makes a door, with its metric.
func New(o Options) *Door {
	d := &Door{options: o, slow: newSlowDown(o.FailuresPerMinute), failures: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cf_helm_broker_failed_logins_total",
		Help: "Requests that were refused for their credentials, by reason.",
	}, []string{"reason"})}
	o.Registry.MustRegister(d.failures)
	for _, reason := range []Reason{Missing, Wrong, Slowed, NoCertificate, WrongCertificate} {
		d.failures.WithLabelValues(string(reason)) // at 0 from the start
	}
	return d
}

// Admit returns nil if the request may come in.
func (d *Door) Admit(r *http.Request) *Refusal {
	refusal := d.examine(r)
	if refusal != nil {
		d.failures.WithLabelValues(string(refusal.Reason)).Inc()
	}
	return refusal
}

// Address is where the request comes from.
func (d *Door) Address(r *http.Request) netip.Addr { return d.options.Proxies.Address(r) }

// examine looks at the certificate first: without one nobody can guess
// passwords, nor use up the share of an address.
func (d *Door) examine(r *http.Request) *Refusal {
	if d.options.ClientCAs != nil {
		if err := verifyClient(r.TLS, d.options.ClientCAs.Value()); errors.Is(err, errNoCertificate) {
			return &Refusal{Reason: NoCertificate}
		} else if err != nil {
			return &Refusal{Reason: WrongCertificate}
		}
	}
	user, password, given := r.BasicAuth()
	if !given {
		return &Refusal{Reason: Missing}
	}
	right, wait := d.slow.try(d.Address(r), func() bool { return d.opens(user, password) })
	switch {
	case wait > 0:
		return &Refusal{Reason: Slowed, Wait: wait}
	case !right:
		return &Refusal{Reason: Wrong}
	}
	return nil
}

// opens reads the file again before it says no: what was just written there is
// right from then on.
func (d *Door) opens(user, password string) bool {
	if d.fits(user, password) {
		return true
	}
	if d.options.File == nil {
		return false
	}
	d.options.File.Refresh()
	return d.fits(user, password)
}

func (d *Door) fits(user, password string) bool {
	all := d.options.Fixed
	if d.options.File != nil {
		all = append(all[:len(all):len(all)], d.options.File.Value()...)
	}
	return all.match(user, password)
}
