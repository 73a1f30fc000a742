package register

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// pauses are how long is waited between attempts: each is twice the one before.
type pauses struct{ first, longest time.Duration }

var usualPauses = pauses{first: time.Second, longest: 15 * time.Second}

// again tries until it is done, can't be, or ctx ends.
func (r *Registrar) again(ctx context.Context, try func() error) error {
	for pause := r.pauses.first; ; pause = min(2*pause, r.pauses.longest) {
		err := try()
		if err == nil || !passes(err) {
			return err
		}
		if end, limited := ctx.Deadline(); ctx.Err() != nil || limited && time.Until(end) < pause {
			return fmt.Errorf("given up after waiting: %w", err)
		}
		r.tell.Waiting(fmt.Sprintf("%v; trying again in %s", err, pause))
		select {
		case <-ctx.Done():
			return fmt.Errorf("given up after waiting: %w", err)
		case <-time.After(pause):
		}
	}
}

// passes tells which errors may be gone the next time: CF that is away, overloaded or
// being restarted, a broker that Cloud Foundry doesn't reach yet or that is one from before,
// and others who change the same broker now.
func passes(err error) bool {
	var lacks *lacksError
	if errors.As(err, &lacks) {
		return true
	}
	var failed *cfapi.JobError
	if errors.As(err, &failed) {
		return failed.For("CF-ServiceBrokerApiUnreachable", "CF-ServiceBrokerApiTimeout", "CF-ServiceBrokerBadResponse", "CF-ServiceBrokerGone")
	}
	var refused *policy.Error
	if errors.As(err, &refused) {
		switch refused.Status {
		case http.StatusNotFound: // of CF's router, while a part is being restarted
			return strings.Contains(refused.Message, "Requested route")
		case http.StatusUnprocessableEntity:
			return strings.Contains(refused.Message, "operation is already in progress") || strings.Contains(refused.Message, "Name must be unique")
		}
	}
	return !errors.Is(err, http.ErrSchemeMismatch) && retryable.Is(err)
}

// explained adds what the operator has to look at when Cloud Foundry couldn't take the
// broker's catalog over.
func (r *Registrar) explained(err error) error {
	var failed *cfapi.JobError
	if !errors.As(err, &failed) {
		return err
	}
	switch {
	case failed.For("CF-ServiceBrokerApiUnreachable", "CF-ServiceBrokerApiTimeout", "CF-ServiceBrokerBadResponse"):
		return fmt.Errorf("%w; check that the broker is up, and that Cloud Foundry reaches it at %s (CF_BROKER_URL)", err, r.settings.URL)
	case failed.For("CF-ServiceBrokerApiAuthenticationFailed"):
		return fmt.Errorf("%w; it was sent SECURITY_USER_NAME and SECURITY_USER_PASSWORD, or the first line of CREDENTIALS_FILE: these have to be as for the running broker", err)
	case failed.For("CF-ServiceBrokerRequestRejected", "CF-ServiceBrokerRequestMalformed"):
		return fmt.Errorf("%w; check that %s (CF_BROKER_URL) is the broker's address, without a path", err, r.settings.URL)
	case failed.For("CF-ServiceBrokerCatalogInvalid", "CF-ServiceBrokerSyncFailed", "CF-ServiceBrokerCatalogIncompatible"):
		return fmt.Errorf("%w; correct the charts, have the broker read them again, and register again", err)
	}
	return err
}
