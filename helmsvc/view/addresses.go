package view

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// AddressOf is where apps reach a pod: at its IPv4 address if it has one,
// whichever its cluster prefers, since apps and container-to-container policies
// know no other. It is empty as long as the pod has none.
func AddressOf(pod *corev1.Pod) string {
	for _, address := range pod.Status.PodIPs {
		if isIPv4(address.IP) {
			return address.IP
		}
	}
	return pod.Status.PodIP
}

func isIPv4(address string) bool {
	parsed, err := netip.ParseAddr(address)
	return err == nil && parsed.Unmap().Is4()
}

// ReadyAddresses returns the addresses of the Ready pods that the selector
// matches, sorted: those of a service that all instances share, such as the
// cluster's DNS. It is an error if there are none.
func (r *Reader) ReadyAddresses(ctx context.Context, namespace string, selector map[string]string) ([]string, error) {
	if len(selector) == 0 {
		return nil, errors.New("no labels are given that the pods in namespace " + namespace + " have")
	}
	wanted := labels.SelectorFromSet(selector).String()
	pods, err := r.clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: wanted})
	if err != nil {
		return nil, fmt.Errorf("listing the pods with labels %s in namespace %s: %w", wanted, namespace, err)
	}
	var hosts []string
	for i := range pods.Items {
		if pod := &pods.Items[i]; readiness.Serves(pod) && readiness.IsReady(pod) {
			hosts = append(hosts, AddressOf(pod))
		}
	}
	if len(hosts) == 0 {
		return nil, fmt.Errorf("no pod with labels %s is ready in namespace %s (%d are there)", wanted, namespace, len(pods.Items))
	}
	return distinct(hosts), nil
}

// Addresses returns the addresses of the pods that the label selector matches, an
// empty one all, ready or not, sorted: what was issued and isn't among them leads
// nowhere.
func (r *Reader) Addresses(ctx context.Context, namespace, selector string) ([]string, error) {
	pods, err := r.clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("listing the pods with labels %s in namespace %s: %w", selector, namespace, err)
	}
	var hosts []string
	for i := range pods.Items {
		if pod := &pods.Items[i]; readiness.Serves(pod) {
			hosts = append(hosts, AddressOf(pod))
		}
	}
	return distinct(hosts), nil
}

// HostsOf are the addresses of the pods in a policy group, which may be their
// namespace's, sorted: of those that are meant to serve, ready or not.
func (r *Reader) HostsOf(ctx context.Context, namespace, namespaceGroup, group string) ([]string, error) {
	pods, err := r.clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the pods in namespace %s: %w", namespace, err)
	}
	var hosts []string
	for i := range pods.Items {
		if pod := &pods.Items[i]; readiness.Serves(pod) && cmp.Or(podgroup.Own(pod, namespaceGroup), namespaceGroup) == group {
			hosts = append(hosts, AddressOf(pod))
		}
	}
	return distinct(hosts), nil
}

// Hosts returns the addresses of the view's pods that credentials can hold, sorted:
// in a view with names those that have none.
func (v View) Hosts() []string {
	if v.named {
		return v.nameless()
	}
	var hosts []string
	for _, pod := range v.Pods {
		hosts = append(hosts, pod.IP)
	}
	return distinct(hosts)
}
