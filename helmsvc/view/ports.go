package view

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// endpoints returns what a pod offers: the ports that Services target, with
// named target ports resolved against the pod; without any, the ports that
// its containers declare. Each port stands once, under the name of the first
// Service port that targets it. SCTP is left out: CF's policies know tcp and
// udp only. group is the pod's own policy group.
func endpoints(services []corev1.Service, pod *corev1.Pod, group string) (offered, leftOut []Endpoint) {
	found := targetedPorts(services, pod)
	if len(found) == 0 {
		found = declaredEndpoints(pod)
	}
	type key struct {
		port     int32
		protocol string
	}
	seen := map[key]bool{}
	for _, e := range found {
		key := key{e.Port, e.Protocol}
		if seen[key] {
			continue
		}
		seen[key] = true
		e.PolicyGroup = group
		if opens(e.Protocol) {
			offered = append(offered, e)
		} else {
			leftOut = append(leftOut, e)
		}
	}
	return offered, leftOut
}

// Narrow leaves in the view only the endpoints that open lets through.
func (v View) Narrow(open func(port int32, protocol string) bool) View {
	return v.keep(func(e Endpoint) bool { return open(e.Port, e.Protocol) })
}

// keep leaves in the view only the endpoints that are wanted.
func (v View) keep(wanted func(Endpoint) bool) View {
	v.Endpoints = slices.DeleteFunc(slices.Clone(v.Endpoints), func(e Endpoint) bool { return !wanted(e) })
	v.ServedAt = hostsOf(v.Endpoints)
	v.Services, v.overlay = slices.Clone(v.Services), slices.Clone(v.overlay)
	for _, services := range [][]Service{v.Services, v.overlay} {
		for i := range services {
			services[i] = services[i].keep(wanted)
		}
	}
	return v
}

func hostsOf(endpoints []Endpoint) []string {
	var hosts []string
	for _, e := range endpoints {
		hosts = append(hosts, e.Host)
	}
	return once(hosts)
}

func targetedPorts(services []corev1.Service, pod *corev1.Pod) []Endpoint {
	var found []Endpoint
	for _, service := range services {
		if !selects(service, pod) {
			continue
		}
		for _, port := range service.Spec.Ports {
			if number := targetPort(port, pod); number != 0 {
				e := endpoint(pod, number, port.Protocol, cmp.Or(port.Name, service.Name))
				e.service, e.servicePort = service.Name, ownPort(service, port, number)
				found = append(found, e)
			}
		}
	}
	return found
}

// ownPort is where a Service's port is found by its name: a headless Service's name
// leads to the pods themselves, so that is the port that they listen on.
func ownPort(service corev1.Service, port corev1.ServicePort, target int32) int32 {
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		return target
	}
	return port.Port
}

// targetPort resolves a Service port's target on the pod; 0 if the pod has no
// port of that name. An absent target port is the Service's own.
func targetPort(port corev1.ServicePort, pod *corev1.Pod) int32 {
	if port.TargetPort.Type == intstr.Int {
		return cmp.Or(port.TargetPort.IntVal, port.Port)
	}
	for _, container := range pod.Spec.Containers {
		for _, p := range container.Ports {
			if p.Name == port.TargetPort.StrVal && cmp.Or(p.Protocol, corev1.ProtocolTCP) == cmp.Or(port.Protocol, corev1.ProtocolTCP) {
				return p.ContainerPort
			}
		}
	}
	return 0
}

func declaredPorts(pod *corev1.Pod) []PodPort {
	ports := []PodPort{}
	for _, container := range pod.Spec.Containers {
		for _, p := range container.Ports {
			ports = append(ports, PodPort{Name: p.Name, Port: p.ContainerPort, Protocol: cmp.Or(p.Protocol, corev1.ProtocolTCP)})
		}
	}
	return ports
}

func declaredEndpoints(pod *corev1.Pod) []Endpoint {
	var found []Endpoint
	for _, p := range declaredPorts(pod) {
		found = append(found, endpoint(pod, p.Port, p.Protocol, cmp.Or(p.Name, pod.Name)))
	}
	return found
}

func endpoint(pod *corev1.Pod, port int32, protocol corev1.Protocol, name string) Endpoint {
	return Endpoint{
		Host:     AddressOf(pod),
		Port:     port,
		Protocol: protocolOf(protocol),
		Name:     name,
	}
}
