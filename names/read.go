package names

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// read adds a Service's pairs.
func (r *reading) read(service *corev1.Service) error {
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return fmt.Errorf("Service %s is an ExternalName: apps can't find it by that name, since Cloud Foundry's service discovery holds addresses only. Put the name that it stands for into the credentials", service.Name)
	}
	name := strings.ToLower(service.Name + "." + service.Namespace + ".svc." + string(r.domain))
	if err := check(name); err != nil {
		return fmt.Errorf("apps can't find Service %s by name: %w. Choose a shorter name", service.Name, err)
	}
	found := findings{}
	for _, slice := range r.endpoints[service.Name] {
		for _, endpoint := range slice.Endpoints {
			if counts(service, endpoint) {
				r.readEndpoint(name, endpoint, &found)
			}
		}
	}
	return found.complaint(service, name)
}

// findings are what a Service's endpoints were found to be.
type findings struct {
	given, foreign, other int   // endpoints that got the name, that aren't the instance's pods, that aren't IPv4
	unnamed               error // why one has no name of its own, or shares it
}

func (r *reading) readEndpoint(service string, endpoint discoveryv1.Endpoint, found *findings) {
	address, ok := addressOf(endpoint)
	if !ok {
		found.other++
		return
	}
	if _, own := r.own[address]; !own {
		found.foreign++
		return
	}
	found.given++
	r.pairs[pair{service, address}] = true
	if endpoint.Hostname == nil || *endpoint.Hostname == "" {
		return
	}
	name := strings.ToLower(*endpoint.Hostname) + "." + service
	if err := check(name); err != nil {
		found.unnamed = fmt.Errorf("apps can't find the pod with hostname %s by name: %w. Choose a shorter name", *endpoint.Hostname, err)
		return
	}
	if first, shared := r.hosts[name]; shared && first != address {
		found.unnamed = fmt.Errorf("several pods of an instance have the hostname %s in one Service, so %s leads to all of them. Give each a hostname of its own, as a StatefulSet does, if apps are to tell them apart", *endpoint.Hostname, name)
	}
	r.hosts[name] = address
	r.pairs[pair{name, address}] = true
}

// complaint is what the chart's maker has to know.
func (f findings) complaint(service *corev1.Service, name string) error {
	if f.foreign > 0 {
		return fmt.Errorf("%d of the addresses of Service %s aren't those of pods of its instance, so %s doesn't lead to them. Give the Service a selector, or have another Service select the same pods", f.foreign, service.Name, name)
	}
	if f.given == 0 && f.other > 0 {
		return fmt.Errorf("Service %s has no IPv4 address, and the overlay has no other. Let its ipFamilies include IPv4", service.Name)
	}
	return f.unnamed
}
