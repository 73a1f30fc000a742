package view

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// ServiceEndpoint is one port of a Service as its Ready pods offer it.
type ServiceEndpoint struct {
	// Name is the Service port's, empty if it has none.
	Name string `json:"name"`
	// Port is the one that the pods listen on.
	Port int32 `json:"port"`
	// Protocol is "tcp" or "udp".
	Protocol string `json:"protocol"`
	// Addresses are those of the pods, in the API's order.
	Addresses []string `json:"addresses"`
	// Host is the first of them; in a view with names the Service's, which leads to all.
	Host string `json:"host"`

	servicePort int32 // where the Service's name has it: see ownPort
}

// serviceEndpoints returns where a Service leads, port by port. A named target
// port may be another one on some of the pods, and then makes for two. SCTP is
// left out, as from a view's endpoints.
func serviceEndpoints(service corev1.Service, pods []corev1.Pod) []ServiceEndpoint {
	found := []ServiceEndpoint{}
	for _, port := range service.Spec.Ports {
		protocol := protocolOf(port.Protocol)
		if !opens(protocol) {
			continue
		}
		from := len(found)
		for i := range pods {
			pod := &pods[i]
			number := targetPort(port, pod)
			if number == 0 || !readiness.Serves(pod) || !readiness.IsReady(pod) || !selects(service, pod) {
				continue
			}
			at := slices.IndexFunc(found[from:], func(e ServiceEndpoint) bool { return e.Port == number })
			if at < 0 {
				at = len(found) - from
				found = append(found, ServiceEndpoint{Name: port.Name, Port: number, Protocol: protocol, Host: AddressOf(pod), servicePort: ownPort(service, port, number)})
			}
			found[from+at].Addresses = append(found[from+at].Addresses, AddressOf(pod))
		}
	}
	return found
}

// keep leaves only the endpoints of the Service that are wanted.
func (s Service) keep(wanted func(Endpoint) bool) Service {
	kept := []ServiceEndpoint{}
	for _, e := range s.Endpoints {
		e.Addresses = slices.DeleteFunc(slices.Clone(e.Addresses), func(host string) bool {
			return !wanted(Endpoint{Host: host, Port: e.Port, Protocol: e.Protocol, Name: e.Name})
		})
		if len(e.Addresses) > 0 {
			e.Host = e.Addresses[0]
			kept = append(kept, e)
		}
	}
	return s.offering(kept)
}

// offering is the Service with these endpoints.
func (s Service) offering(endpoints []ServiceEndpoint) Service {
	var hosts []string
	for _, e := range endpoints {
		hosts = append(hosts, e.Addresses...)
	}
	s.Endpoints, s.Hosts = endpoints, once(hosts)
	return s
}

// once leaves out repeated texts and keeps the order.
func once(texts []string) []string {
	seen := []string{}
	for _, text := range texts {
		if !slices.Contains(seen, text) {
			seen = append(seen, text)
		}
	}
	return seen
}

// opens tells whether policies know a protocol.
func opens(protocol string) bool { return protocol == "tcp" || protocol == "udp" }

// protocolOf is a port's protocol as policies spell it.
func protocolOf(protocol corev1.Protocol) string {
	return strings.ToLower(string(cmp.Or(protocol, corev1.ProtocolTCP)))
}
