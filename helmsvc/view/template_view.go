package view

import (
	"context"
	"encoding/json"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// TemplateView is what a bind template calls $: Kibosh's secrets and services,
// Tanzu Service Manager's ingresses, and this broker's own.
type TemplateView struct {
	View
	// Services shadows View's: with C2C on, they are as the overlay sees them.
	Services []Service `json:"services"`
	// Pods shadows View's: with labels and containers.
	Pods []TemplatePod `json:"pods"`
	// RawServices are the Services as Kubernetes has them.
	RawServices []Service `json:"rawServices"`
	// RawSecrets are the Secrets with each value in base64.
	RawSecrets []RawSecret `json:"rawSecrets"`
	Ingresses  []Ingress   `json:"ingresses"`
	// Parameters are the instance's, as the user gave them.
	Parameters json.RawMessage `json:"parameters"`
	// Values are what the chart's own templates see; nil for a bind template that
	// doesn't ask for ValuesField: they may be long.
	Values   map[string]any `json:"values"`
	Instance InstanceView   `json:"instance"`
	Binding  BindingView    `json:"binding"`
	Release  ReleaseView    `json:"release"`
}

// ValuesField is what bind templates call the values.
const ValuesField = "values"

// IngressesField is what bind templates call the Ingresses.
const IngressesField = "ingresses"

// Ingress is a whole Ingress.
type Ingress struct {
	Name     string                     `json:"name"`
	Metadata metav1.ObjectMeta          `json:"metadata"`
	Spec     networkingv1.IngressSpec   `json:"spec"`
	Status   networkingv1.IngressStatus `json:"status"`
}

// InstanceView is the service instance as a template sees it.
type InstanceView struct {
	ID               string `json:"id"`
	Service          string `json:"service"`
	Plan             string `json:"plan"`
	OrganizationGUID string `json:"organization_guid"`
	SpaceGUID        string `json:"space_guid"`
	PolicyGroup      string `json:"policy_group"`
}

// BindingView is the binding as a template sees it. AppGUID is empty for a
// service key.
type BindingView struct {
	ID         string          `json:"id"`
	AppGUID    string          `json:"app_guid"`
	Parameters json.RawMessage `json:"parameters"`
}

// ReleaseView is the Helm release as a template sees it.
type ReleaseView struct {
	Name         string `json:"name"`
	Namespace    string `json:"namespace"`
	Chart        string `json:"chart"`
	ChartVersion string `json:"chart_version"`
}

// TemplateView adds to a view what only templates see. overlay tells whether
// apps reach the instance over the overlay.
func (r *Reader) TemplateView(ctx context.Context, namespace string, v View, overlay bool) (TemplateView, error) {
	var list *networkingv1.IngressList
	err := r.tenants.InNamespace(ctx, namespace, func(clients kubernetes.Interface) (err error) {
		list, err = notBefore(v.since, func(o metav1.ListOptions) (*networkingv1.IngressList, error) {
			return clients.NetworkingV1().Ingresses(namespace).List(ctx, o)
		})
		return err
	})
	if err != nil {
		return TemplateView{}, fmt.Errorf("listing the Ingresses of namespace %s: %w", namespace, err)
	}
	return v.ForTemplate(list.Items, overlay), nil
}

// ForTemplate adds to the view what only templates see of the namespace.
// overlay tells whether apps reach the instance over the overlay. Parameters,
// values, instance, binding and release are left to the caller.
func (v View) ForTemplate(ingresses []networkingv1.Ingress, overlay bool) TemplateView {
	seen := TemplateView{View: v, Services: v.Services, RawServices: v.Services, RawSecrets: v.rawSecrets, Pods: []TemplatePod{}, Ingresses: []Ingress{}}
	if overlay || v.named {
		seen.Services = v.overlay
	}
	for _, pod := range v.Pods {
		labels := pod.labels
		if labels == nil {
			labels = map[string]string{}
		}
		seen.Pods = append(seen.Pods, TemplatePod{Pod: pod, Labels: labels, Containers: pod.containers})
	}
	for _, i := range ingresses {
		i.ManagedFields = nil
		seen.Ingresses = append(seen.Ingresses, Ingress{Name: i.Name, Metadata: i.ObjectMeta, Spec: i.Spec, Status: i.Status})
	}
	return seen
}
