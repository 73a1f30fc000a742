package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// UnreachableError says that no app can be given access to an instance, since
// all its ports are of a protocol, and all its addresses of a kind, that CF's
// policies don't know.
type UnreachableError struct {
	// Ports are such as "38412/sctp (ngap)".
	Ports []string
	// Hosts are addresses that aren't IPv4's.
	Hosts []string
}

func (e *UnreachableError) Error() string {
	var why []string
	if len(e.Ports) > 0 {
		why = append(why, fmt.Sprintf("its pods offer %s only, and container-to-container policies are for tcp and udp", manifest.Listed(e.Ports)))
	}
	if len(e.Hosts) > 0 {
		why = append(why, fmt.Sprintf("its pods have no IPv4 address (%s), and container-to-container policies are for IPv4", manifest.Listed(e.Hosts)))
	}
	return "no app can reach this service instance: " + strings.Join(why, "; ")
}

// LeftOut are the endpoints that aren't among the view's, since no policy can
// open them: those of SCTP. Narrow leaves them alone.
func (v View) LeftOut() []Endpoint { return v.leftOut }

// Reachable leaves in the view what container-to-container policies can open:
// pods that have an IPv4 address. It returns an UnreachableError if the instance
// has endpoints and none of them is left. Ask before the view is narrowed.
func (v View) Reachable() (View, error) {
	var hosts []string
	for _, e := range v.Endpoints {
		if !isIPv4(e.Host) {
			hosts = append(hosts, e.Host)
		}
	}
	v.Pods = slices.DeleteFunc(slices.Clone(v.Pods), func(p Pod) bool { return !isIPv4(p.IP) })
	v = v.keep(func(e Endpoint) bool { return isIPv4(e.Host) })
	if len(v.Endpoints) > 0 || len(hosts)+len(v.leftOut) == 0 {
		return v, nil
	}
	return v, &UnreachableError{Ports: portsOf(v.leftOut), Hosts: distinct(hosts)}
}

// portsOf names the endpoints' ports, each once.
func portsOf(endpoints []Endpoint) []string {
	var ports []string
	for _, e := range endpoints {
		port := fmt.Sprintf("%d/%s (%s)", e.Port, e.Protocol, e.Name)
		if !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}
