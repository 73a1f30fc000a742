package chartcheck

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// world is what a binding would find in the instance's namespace once all is
// ready, in the API's list order, which is by name.
type world struct {
	secrets   []corev1.Secret
	services  []corev1.Service
	pods      []corev1.Pod
	ingresses []networkingv1.Ingress
}

// addresses hands out one after the other.
type addresses struct{ last netip.Addr }

func (a *addresses) next() string {
	a.last = a.last.Next()
	return a.last.String()
}

// madeUp is the namespace that the objects would make. Pods get addresses from
// 10.255.0.1 on, ClusterIPs are from 10.96.0.1 on.
func madeUp(objects []object) world {
	var w world
	for _, o := range objects {
		switch typed := o.typed.(type) {
		case *corev1.Secret:
			w.secrets = append(w.secrets, *stored(typed))
		case *corev1.Service:
			w.services = append(w.services, *typed.DeepCopy())
		case *networkingv1.Ingress:
			ingress := typed.DeepCopy()
			ingress.Namespace = target().Namespace
			w.ingresses = append(w.ingresses, *ingress)
		}
		if made, ok := podsOf(o); ok {
			w.pods = append(w.pods, made.pods()...)
		}
	}
	clusterIPs := addresses{netip.MustParseAddr("10.96.0.0")}
	for i := range w.services {
		serve(&w.services[i], &clusterIPs)
	}
	slices.SortStableFunc(w.pods, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	podIPs := addresses{netip.MustParseAddr("10.255.0.0")}
	for i := range w.pods {
		run(&w.pods[i], &podIPs)
	}
	return w
}

// stored folds stringData into data, as the API server does, and has Helm's
// label.
func stored(secret *corev1.Secret) *corev1.Secret {
	s := secret.DeepCopy()
	s.Namespace = target().Namespace
	s.Labels = with(s.Labels, "app.kubernetes.io/managed-by", "Helm")
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}
	for key, value := range s.StringData {
		s.Data[key] = []byte(value)
	}
	s.StringData = nil
	return s
}

// serve fills in what the API server and Helm would, and a load balancer.
func serve(s *corev1.Service, clusterIPs *addresses) {
	where := target()
	s.Namespace = where.Namespace
	s.Labels = with(s.Labels, "app.kubernetes.io/managed-by", "Helm")
	s.Annotations = with(s.Annotations, "meta.helm.sh/release-name", where.Release)
	s.Annotations = with(s.Annotations, "meta.helm.sh/release-namespace", where.Namespace)
	s.Spec.Type = cmp.Or(s.Spec.Type, corev1.ServiceTypeClusterIP)
	if s.Spec.Type != corev1.ServiceTypeExternalName && s.Spec.ClusterIP == "" {
		s.Spec.ClusterIP = clusterIPs.next()
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	}
	nodePort := int32(30001)
	for i := range s.Spec.Ports {
		port := &s.Spec.Ports[i]
		port.Protocol = cmp.Or(port.Protocol, corev1.ProtocolTCP)
		if port.TargetPort == (intstr.IntOrString{}) {
			port.TargetPort = intstr.FromInt32(port.Port)
		}
		if isExposed(s) && port.NodePort == 0 {
			port.NodePort = nodePort
			nodePort++
		}
	}
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
	}
}

func isExposed(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeNodePort || s.Spec.Type == corev1.ServiceTypeLoadBalancer
}

func run(pod *corev1.Pod, podIPs *addresses) {
	pod.Namespace = target().Namespace
	pod.Status = corev1.PodStatus{
		Phase:      corev1.PodRunning,
		PodIP:      podIPs.next(),
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
	}
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
}

// with is a copy of the map with one more entry.
func with(entries map[string]string, key, value string) map[string]string {
	more := maps.Clone(entries)
	if more == nil {
		more = map[string]string{}
	}
	more[key] = value
	return more
}
