package register

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Deregister deletes the service broker with all that Cloud Foundry knows of its
// catalog, or returns false if there is none. Cloud Foundry refuses while there are service
// instances. The charts are read only where its URL doesn't say that it is this broker.
func (r *Registrar) Deregister(ctx context.Context, charts func() ([]chart.Service, error)) (deleted bool, err error) {
	err = r.again(ctx, func() (err error) {
		gone, err := r.remove(ctx, charts)
		deleted = deleted || gone
		return err
	})
	if err != nil {
		return false, fmt.Errorf("deleting the service broker %s: %w", r.settings.Name, err)
	}
	return deleted, nil
}

func (r *Registrar) remove(ctx context.Context, charts func() ([]chart.Service, error)) (deleted bool, err error) {
	found, err := r.cf.findBroker(ctx, r.settings.Name)
	if err != nil || found == nil {
		return false, err
	}
	if err := r.mayDelete(ctx, found, charts); err != nil {
		return false, err
	}
	err = r.cf.deleteBroker(ctx, found.GUID)
	var refused *policy.Error
	switch {
	case cfapi.Refused(err, cfapi.CloudController, http.StatusNotFound) && errors.As(err, &refused) && refused.Fix == "":
		return true, nil // somebody else has been quicker
	case cfapi.Refused(err, cfapi.CloudController, http.StatusUnprocessableEntity) && errors.As(err, &refused) && strings.Contains(refused.Message, "CF-ServiceBrokerNotRemovable"):
		return false, r.inUse(ctx, found.GUID, err)
	}
	return err == nil, err
}

// mayDelete fails if the service broker is probably another's.
func (r *Registrar) mayDelete(ctx context.Context, found *resource.ServiceBroker, charts func() ([]chart.Service, error)) error {
	if r.settings.TakeOver || at(found, r.settings.URL) {
		return nil
	}
	has, err := r.cf.offersOf(ctx, found.GUID)
	if err != nil {
		return err
	}
	services, err := charts()
	if err != nil {
		return fmt.Errorf("it is at %s, which isn't CF_BROKER_URL, so its plans tell whose it is: %w", found.URL, err)
	}
	return isOurs(r.settings.URL, services, found, has)
}

// inUse says how many instances are in the way, if that can be seen.
func (r *Registrar) inUse(ctx context.Context, broker string, refused error) error {
	many := "service instances"
	of, err := r.cf.offersOf(ctx, broker)
	if err == nil {
		n, err := r.cf.instances(ctx, of)
		switch {
		case err == nil && n == 1:
			many = "1 service instance"
		case err == nil && n > 1:
			many = fmt.Sprintf("%d service instances", n)
		}
	}
	return fmt.Errorf("it has %s; delete them with cf delete-service, and try again; where the broker is gone for good, cf purge-service-offering has Cloud Foundry forget them: %w", many, refused)
}
