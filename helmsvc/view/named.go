package view

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Addressing is how a view calls what it leads to.
type Addressing struct {
	// Domain is the cluster's, such as cluster.local.
	Domain string
	// ServicePorts has ports be the Services' own rather than those that pods listen
	// on: for apps that Kubernetes' own DNS and Services are there for.
	ServicePorts bool
}

// Named is the view with names where it has addresses of pods, as Kubernetes' DNS
// gives them: a Service's, `<service>.<namespace>.svc.<domain>`, and among the hosts
// those of pods that have one, `<hostname>.<service>.<namespace>.svc.<domain>`. Bind
// templates that read a Service's addresses, of whatever kind, then yield names. A pod
// that no Service leads to keeps its address.
func (v View) Named(a Addressing) View {
	v.named = true
	v.Pods = slices.Clone(v.Pods)
	for i := range v.Pods {
		if v.Pods[i].inService != "" {
			v.Pods[i].Hostname = v.Pods[i].inService + "." + a.Domain
		}
	}
	raw := v.Services
	v.alsoNamed = v.namesOf(raw, a)
	v.Services = v.namedServices(v.Services, a)
	if a.ServicePorts {
		v.overlay = slices.Clone(v.overlay) // with the ports that the Services' names have
		for i, s := range raw {
			if s.Spec.ClusterIP != corev1.ClusterIPNone {
				v.overlay[i] = s
			}
		}
	}
	v.overlay = v.namedServices(v.overlay, a)
	for i := range v.overlay {
		if s := &v.overlay[i]; len(s.Endpoints) > 0 {
			putName(s, a.of(*s))
		}
	}
	v.Endpoints = a.endpoints(v.Endpoints, v.Services)
	v.ServedAt = v.namedHosts()
	return v
}

// of is a Service's name.
func (a Addressing) of(s Service) string {
	return s.Name + "." + s.Metadata.Namespace + ".svc." + a.Domain
}

// namedServices are Services with names for hosts: their pods', or their own where
// these have none.
func (v View) namedServices(services []Service, a Addressing) []Service {
	named := slices.Clone(services)
	for i := range named {
		s := &named[i]
		s.Endpoints, s.Hosts = slices.Clone(s.Endpoints), []string{}
		for j := range s.Endpoints {
			e := &s.Endpoints[j]
			e.Host = a.of(*s)
			if a.ServicePorts {
				e.Port = e.servicePort
			}
			for _, address := range e.Addresses {
				s.Hosts = append(s.Hosts, v.hostAt(address, *s, a))
			}
		}
		s.Hosts = once(s.Hosts)
	}
	return named
}

// hostAt is the name of the Service's pod that has the address; the Service's, if
// the pod has none there.
func (v View) hostAt(address string, s Service, a Addressing) string {
	for _, pod := range v.Pods {
		if pod.IP == address && pod.inService != "" && pod.subdomain == s.Name {
			return pod.inService + "." + a.Domain
		}
	}
	return a.of(s)
}

// endpoints are those of Services, each once, however many pods it has; and those of
// pods that no Service leads to.
func (a Addressing) endpoints(all []Endpoint, services []Service) []Endpoint {
	named := []Endpoint{}
	for _, e := range all {
		if i := slices.IndexFunc(services, func(s Service) bool { return s.Name == e.service }); i >= 0 {
			if a.ServicePorts {
				e.Port = e.servicePort
			}
			address := e.Host
			e.Host, e.PolicyGroup = a.of(services[i]), ""
			if at := slices.IndexFunc(named, func(o Endpoint) bool { return o.sameAs(e) }); at >= 0 {
				named[at].Addresses = append(named[at].Addresses, address)
				continue
			}
			e.Addresses = []string{address}
		}
		named = append(named, e)
	}
	return named
}

// sameAs tells whether both are one port of one host.
func (e Endpoint) sameAs(o Endpoint) bool {
	return e.Host == o.Host && e.Port == o.Port && e.Protocol == o.Protocol
}

// namedHosts are the names of pods, where they have one, else those of Services.
func (v View) namedHosts() []string {
	hosts := []string{}
	for _, pod := range v.Pods {
		if pod.Hostname != "" {
			hosts = append(hosts, pod.Hostname)
		}
	}
	if len(hosts) > 0 {
		return once(hosts)
	}
	return hostsOf(v.Endpoints)
}

// nameless are the addresses among the endpoints that have no name.
func (v View) nameless() []string {
	var hosts []string
	for _, e := range v.Endpoints {
		if len(e.Addresses) == 0 {
			hosts = append(hosts, e.Host)
		}
	}
	return distinct(hosts)
}

// putName has a Service's addresses, of every kind, be a name.
func putName(s *Service, name string) {
	s.Spec.ClusterIP, s.Spec.ClusterIPs = name, []string{name}
	s.Spec.ExternalIPs = []string{name}
	// Templates read either field.
	s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: name, Hostname: name}}
}

// inService is the name that Kubernetes' DNS gives a pod through the Service that it
// names as its subdomain, without the cluster's domain; "" if there is none.
func inService(pod *corev1.Pod, services []corev1.Service) string {
	if pod.Spec.Hostname == "" {
		return ""
	}
	for _, s := range services {
		if s.Name == pod.Spec.Subdomain && selects(s, pod) {
			return pod.Spec.Hostname + "." + s.Name + "." + pod.Namespace + ".svc"
		}
	}
	return ""
}
