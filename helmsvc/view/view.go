package view

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// View is what a binding can see of an instance: Kibosh's secrets and
// services, and the pods and endpoints that the overlay reaches.
type View struct {
	Secrets   []Secret   `json:"secrets"`
	Services  []Service  `json:"services"`
	Pods      []Pod      `json:"pods"`
	Endpoints []Endpoint `json:"endpoints"`
	// ServedAt are the endpoints' addresses, each once, in their order.
	ServedAt []string `json:"hosts"`
	// Destinations are shared services, which the caller adds.
	Destinations []SharedService `json:"destinations,omitempty"`

	// since is the cluster's revision that it isn't older than; empty: it was read live.
	since string
	// unready counts the pods that are meant to serve and don't yet, and reason
	// is why the first of them doesn't.
	unready int
	reason  string
	// leftOut are the endpoints that no policy can open.
	leftOut []Endpoint
	// overlay is Services as the overlay sees them.
	overlay []Service
	// rawSecrets are Secrets as Kubernetes has them.
	rawSecrets []RawSecret
	// named: it has names where it can, and alsoNamed are the names of Services and
	// pods that the endpoints needn't mention.
	named     bool
	alsoNamed []Endpoint
}

// Service is a whole Service, as Kibosh hands it to bind templates, and all the
// addresses that it leads to.
type Service struct {
	Name     string               `json:"name"`
	Metadata metav1.ObjectMeta    `json:"metadata"`
	Spec     corev1.ServiceSpec   `json:"spec"`
	Status   corev1.ServiceStatus `json:"status"`
	// Hosts are the endpoints' addresses, each once, in their order.
	Hosts     []string          `json:"hosts"`
	Endpoints []ServiceEndpoint `json:"endpoints"`
}

// Pod is a Ready pod with its overlay address.
type Pod struct {
	Name  string    `json:"name"`
	IP    string    `json:"ip"`
	Ports []PodPort `json:"ports"`
	Ready bool      `json:"ready"`
	// Hostname is the pod's own name in DNS, in a view with names.
	Hostname string `json:"hostname,omitempty"`

	inService, subdomain string // see inService, and the Service's name
	labels               map[string]string
	containers           []Container
}

// PodPort is a port that a container declares.
type PodPort struct {
	Name     string          `json:"name,omitempty"`
	Port     int32           `json:"port"`
	Protocol corev1.Protocol `json:"protocol"`
}

// Endpoint is one port of one Ready pod. Protocol is "tcp" or "udp".
type Endpoint struct {
	Host     string `json:"host"`
	Port     int32  `json:"port"`
	Protocol string `json:"protocol"`
	Name     string `json:"name"`
	// PolicyGroup is that of the endpoint's pod, empty if it is the namespace's.
	PolicyGroup string `json:"-"`
	// Addresses are those that the host, a name, leads to; none if it is an address.
	Addresses []string `json:"addresses,omitempty"`

	service     string // that leads to it
	servicePort int32  // where its name has it: see ownPort
}

// View reads the instance's namespace, live. Secrets, the Opaque ones first, and
// Services come in the API's list order, since published templates index them;
// only Ready pods are shown. A namespace that holds too much is a TooMuchError.
func (r *Reader) View(ctx context.Context, namespace string) (View, error) {
	return r.view(ctx, namespace, "")
}

// view is View, of which Services and pods may be as old as the cluster's
// revision since. A few are read at a time: what a namespace holds may be long.
func (r *Reader) view(ctx context.Context, namespace, since string) (View, error) {
	if err := r.views.Take(ctx, fair.TenantOf(ctx)); err != nil {
		return View{}, fmt.Errorf("waiting for others' turn to read their namespaces: %w", err)
	}
	defer r.views.Give(fair.TenantOf(ctx))
	var secrets *corev1.SecretList
	var services *corev1.ServiceList
	var pods *corev1.PodList
	err := r.tenants.InNamespace(ctx, namespace, func(clients kubernetes.Interface) error {
		core := clients.CoreV1()
		var err error
		if secrets, err = core.Secrets(namespace).List(ctx, metav1.ListOptions{FieldSelector: handedOut()}); err != nil {
			return listing("Secrets", namespace, err)
		}
		all, ctx := errgroup.WithContext(ctx)
		all.Go(func() (err error) {
			services, err = notBefore(since, func(o metav1.ListOptions) (*corev1.ServiceList, error) { return core.Services(namespace).List(ctx, o) })
			return listing("Services", namespace, err)
		})
		all.Go(func() (err error) {
			pods, err = notBefore(since, func(o metav1.ListOptions) (*corev1.PodList, error) { return core.Pods(namespace).List(ctx, o) })
			return listing("pods", namespace, err)
		})
		return all.Wait()
	})
	if errors.Is(err, tenant.ErrGone) {
		return viewOf(nil, nil, nil, ""), nil
	}
	if err != nil {
		return View{}, err
	}
	group, err := r.instanceGroup(ctx, namespace, pods.Items)
	if err != nil {
		return View{}, err
	}
	view := viewOf(secrets.Items, services.Items, pods.Items, group)
	view.since = since
	return view, nil
}

func listing(what, namespace string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("listing the %s of namespace %s: %w", what, namespace, err)
}

// Of is what a binding would see of a namespace that holds these objects,
// in this order. It asks no cluster, so that charts can be checked without one.
func Of(secrets []corev1.Secret, services []corev1.Service, pods []corev1.Pod) View {
	return viewOf(secrets, services, pods, "")
}

// viewOf is Of where each pod may have a policy group of its own, derived
// from the namespace's.
func viewOf(secrets []corev1.Secret, services []corev1.Service, pods []corev1.Pod, group string) View {
	// Empty lists, not null: templates take their length.
	view := View{Secrets: []Secret{}, Pods: []Pod{}, Endpoints: []Endpoint{}, rawSecrets: visible(secrets)}
	for _, s := range view.rawSecrets {
		view.Secrets = append(view.Secrets, s.decoded())
	}
	view.Services = wholeServices(services, services, pods)
	view.overlay = wholeServices(overlaid(services, pods), services, pods)
	for i := range pods {
		pod := &pods[i]
		switch {
		case !readiness.Serves(pod):
		case !readiness.IsReady(pod):
			view.unready++
			view.reason = cmp.Or(view.reason, readiness.PodReason(pod))
		default:
			view.Pods = append(view.Pods, Pod{
				Name: pod.Name, IP: AddressOf(pod), Ports: declaredPorts(pod), Ready: true, inService: inService(pod, services), subdomain: pod.Spec.Subdomain,
				labels: pod.Labels, containers: containersOf(pod, view.Secrets),
			})
			offered, leftOut := endpoints(services, pod, podgroup.Own(pod, group))
			view.Endpoints, view.leftOut = append(view.Endpoints, offered...), append(view.leftOut, leftOut...)
		}
	}
	view.ServedAt = hostsOf(view.Endpoints)
	return view
}

// wholeServices are the Services as they are to be seen, with where those that
// they stand for lead.
func wholeServices(seen, services []corev1.Service, pods []corev1.Pod) []Service {
	whole := []Service{}
	for i, s := range seen {
		s.ManagedFields = nil
		service := Service{Name: s.Name, Metadata: s.ObjectMeta, Spec: s.Spec, Status: s.Status}
		whole = append(whole, service.offering(serviceEndpoints(services[i], pods)))
	}
	return whole
}

// Credentials is the view as the credentials of a binding without a template. It
// is an error if they are longer than an app can take.
func (v View) Credentials() (json.RawMessage, error) {
	credentials, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding the credentials: %w", err)
	}
	return credentials, bindtemplate.CheckLength(credentials)
}
