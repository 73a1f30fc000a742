package binding

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// shared finds where they are now. One that has no ready pod fails the bind: the
// credentials would lead nowhere.
func (s *Bindings) shared(ctx context.Context, at place) (found []view.SharedService, issued []record.SharedService, err error) {
	all, _ := s.access.SharedServices(at.instance, at.plan)
	for _, d := range all {
		addresses, err := at.cluster.ReadyAddresses(ctx, d.Namespace, d.Selector)
		if err != nil {
			return nil, nil, &retryable.Error{Cause: fmt.Errorf("a shared service that the bind opens too isn't available: %s: %w", d.Name, err)}
		}
		found = append(found, view.SharedService{Name: d.Name, Endpoints: endpointsOf(d, addresses)})
		issued = append(issued, record.SharedService{Name: d.Name, Namespace: d.Namespace, Selector: labels.Set(d.Selector).String(), Hosts: addresses})
	}
	return found, issued, nil
}

func endpointsOf(d chart.SharedService, addresses []string) []view.Endpoint {
	var all []view.Endpoint
	for _, address := range addresses {
		for _, port := range d.Ports {
			all = append(all, view.Endpoint{Host: address, Port: port.Number, Protocol: port.Protocol, Name: d.Name})
		}
	}
	return all
}
