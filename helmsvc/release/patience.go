package release

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// patience has the first request that the instance isn't allowed wait for its rights:
// in a namespace that was made just now they may not count yet, and to be refused
// costs less than to ask each time. What is refused afterwards is.
type patience struct {
	await func() error

	once   sync.Once
	waited atomic.Bool
	failed error // why there are no rights, once it has waited
}

// granted waits, once for all requests, and tells whether the instance has its rights.
func (p *patience) granted() bool {
	p.once.Do(func() {
		p.failed = p.await()
		p.waited.Store(true)
	})
	return p.failed == nil
}

// reason is what the wait ended with; nil also without one.
func (p *patience) reason() error {
	if p == nil || !p.waited.Load() {
		return nil
	}
	return p.failed
}

// wrap is a wrapper of transports.
func (p *patience) wrap(next http.RoundTripper) http.RoundTripper {
	return patientTransport{patience: p, next: next}
}

type patientTransport struct {
	*patience
	next http.RoundTripper
}

// RoundTrip repeats a request that was refused, once the instance has its rights.
// Nothing has come of what was refused.
func (t patientTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	before := t.waited.Load()
	response, err := t.next.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusForbidden || before {
		return response, err
	}
	if !t.granted() {
		return response, nil // session.failure says why
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	again := request.Clone(request.Context())
	if request.GetBody != nil {
		if again.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
	return t.next.RoundTrip(again)
}
