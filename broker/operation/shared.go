package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// destinations are the shared services that a bind to the plan opens: the
// broker's and the plan's.
func (e *Engine) destinations(p chart.Plan) []chart.Destination {
	return slices.Concat(e.settings.Shared, p.Destinations)
}

// errShared says that a shared service isn't there to be opened now.
var errShared = errors.New("a shared service that the bind opens too isn't available")

// shared finds where they are now. One that has no ready pod fails the bind: the
// credentials would lead nowhere.
func (e *Engine) shared(ctx context.Context, at place) ([]helmsvc.Destination, error) {
	var found []helmsvc.Destination
	for _, d := range e.destinations(at.plan) {
		addresses, err := at.cluster.ReadyAddresses(ctx, d.Namespace, d.Selector)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errShared, d.Name, err)
		}
		found = append(found, helmsvc.Destination{Name: d.Name, Endpoints: endpointsOf(d, addresses)})
	}
	return found, nil
}

func endpointsOf(d chart.Destination, addresses []string) []helmsvc.Endpoint {
	var all []helmsvc.Endpoint
	for _, address := range addresses {
		for _, port := range d.Ports {
			all = append(all, helmsvc.Endpoint{Host: address, Port: port.Number, Protocol: port.Protocol, Name: d.Name})
		}
	}
	return all
}

func sharedPolicies(app string, destinations []chart.Destination) []policy.Policy {
	var all []policy.Policy
	for _, d := range destinations {
		for _, port := range d.Ports {
			all = append(all, policy.To(app, d.Group, port.Protocol, int(port.Number)))
		}
	}
	return all
}

func sharedGroups(destinations []chart.Destination) []string {
	var groups []string
	for _, d := range destinations {
		groups = append(groups, d.Group)
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}
