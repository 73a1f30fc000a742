package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// destinations are the shared services that bindings of the instance open: the
// broker's, and its plan's. These are an operator's setting rather than a part
// of the chart: the catalog's count, and only if it doesn't offer the plan any
// more, those that the instance was made with.
func (e *Engine) destinations(i record.Instance, kept chart.Plan) (all []chart.Destination, offered bool) {
	_, plan, offered := e.charts.catalog.Catalog().Find(i.ServiceID, i.PlanID)
	if !offered {
		plan = kept
	}
	return slices.Concat(e.settings.Shared, plan.Destinations), offered
}

// shares tells whether bindings of any instance may open the policy group.
func (e *Engine) shares(group string) bool {
	has := func(all []chart.Destination) bool {
		return slices.ContainsFunc(all, func(d chart.Destination) bool { return d.Group == group })
	}
	for _, s := range e.charts.catalog.Catalog().Services {
		if slices.ContainsFunc(s.Plans, func(p chart.Plan) bool { return has(p.Destinations) }) {
			return true
		}
	}
	return has(e.settings.Shared)
}

// errShared says that a shared service isn't there to be opened now.
var errShared = errors.New("a shared service that the bind opens too isn't available")

// shared finds where they are now. One that has no ready pod fails the bind: the
// credentials would lead nowhere.
func (e *Engine) shared(ctx context.Context, at place) (found []view.Destination, issued []record.SharedService, err error) {
	all, _ := e.destinations(at.instance, at.plan)
	for _, d := range all {
		addresses, err := at.cluster.ReadyAddresses(ctx, d.Namespace, d.Selector)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %s: %w", errShared, d.Name, err)
		}
		found = append(found, view.Destination{Name: d.Name, Endpoints: endpointsOf(d, addresses)})
		issued = append(issued, record.SharedService{Name: d.Name, Namespace: d.Namespace, Selector: labels.Set(d.Selector).String(), Hosts: addresses})
	}
	return found, issued, nil
}

func endpointsOf(d chart.Destination, addresses []string) []view.Endpoint {
	var all []view.Endpoint
	for _, address := range addresses {
		for _, port := range d.Ports {
			all = append(all, view.Endpoint{Host: address, Port: port.Number, Protocol: port.Protocol, Name: d.Name})
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

// distinct sorts the texts and leaves out repeated ones.
func distinct(texts []string) []string {
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
