package networkpolicy

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Every field that the API server fills in is there, so that what it returns is the
// same.

func outOf(pods metav1.LabelSelector, to networkingv1.NetworkPolicyPeer, d policy.Destination) networkingv1.NetworkPolicySpec {
	return networkingv1.NetworkPolicySpec{
		PodSelector: pods,
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
		Egress:      []networkingv1.NetworkPolicyEgressRule{{To: []networkingv1.NetworkPolicyPeer{to}, Ports: portsOf(d)}},
	}
}

func into(pods metav1.LabelSelector, from []networkingv1.NetworkPolicyPeer, d policy.Destination) networkingv1.NetworkPolicySpec {
	return networkingv1.NetworkPolicySpec{
		PodSelector: pods,
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: from, Ports: portsOf(d)}},
	}
}

func portsOf(d policy.Destination) []networkingv1.NetworkPolicyPort {
	protocol := corev1.Protocol(strings.ToUpper(d.Protocol))
	first := intstr.FromInt32(int32(d.Ports.Start)) //nolint:gosec // a port
	port := networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: &first}
	if d.Ports.End > d.Ports.Start {
		last := int32(d.Ports.End) //nolint:gosec // a port
		port.EndPort = &last
	}
	return []networkingv1.NetworkPolicyPort{port}
}

// pods are those of the place, within its namespace.
func (p Place) pods() metav1.LabelSelector {
	if p.Pods == nil {
		return metav1.LabelSelector{}
	}
	return *p.Pods.DeepCopy()
}

// peer are the place's pods, seen from another namespace.
func (p Place) peer() networkingv1.NetworkPolicyPeer {
	pods := p.pods()
	return networkingv1.NetworkPolicyPeer{NamespaceSelector: called(p.Namespace), PodSelector: &pods}
}

// called selects the namespace of this name: the API server sees to that label.
func called(namespace string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}
}

// pods are those of an app.
func (a Apps) pods(guid string, staging bool) metav1.LabelSelector {
	selector := metav1.LabelSelector{MatchLabels: map[string]string{a.Label: guid}}
	if !staging {
		selector.MatchExpressions = append(selector.MatchExpressions, a.Running...)
	}
	return selector
}

// peer are an app's pods, seen from another namespace. The label alone wouldn't do: a
// tenant gives its pods whatever labels it likes.
func (a Apps) peer(guid, space string, staging bool) networkingv1.NetworkPolicyPeer {
	pods := a.pods(guid, staging)
	return networkingv1.NetworkPolicyPeer{NamespaceSelector: a.namespaces(space), PodSelector: &pods}
}

func (a Apps) namespaces(space string) *metav1.LabelSelector {
	switch {
	case a.Namespace != "":
		return called(a.Namespace)
	case space != "":
		return &metav1.LabelSelector{MatchLabels: map[string]string{a.SpaceLabel: space}}
	}
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: a.SpaceLabel, Operator: metav1.LabelSelectorOpExists}}}
}

// namespaceOf is where an app's pods are; empty: that isn't known.
func (a Apps) namespaceOf(space string) string {
	if a.Namespace != "" {
		return a.Namespace
	}
	return space
}

func blocks(cidrs []string) []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	for _, cidr := range cidrs {
		peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr}})
	}
	return peers
}
