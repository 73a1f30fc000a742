package view

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// GivenValues are those that the deployed release was made with: plan ⊕
// parameters as they were then. A plan file is a template and may yield others
// each time it is rendered. They are as new as the view at least.
func (r *Reader) GivenValues(ctx context.Context, target tenant.Target, v View) (map[string]any, error) {
	var records *corev1.SecretList
	err := r.tenants.InNamespace(ctx, target.Namespace, func(clients kubernetes.Interface) (err error) {
		records, err = notBefore(v.since, func(o metav1.ListOptions) (*corev1.SecretList, error) {
			o.LabelSelector = "owner=helm,status=deployed,name=" + target.Release
			return clients.CoreV1().Secrets(target.Namespace).List(ctx, o)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the values of release %s: %w", target.Release, err)
	}
	deployed := history.Newest(records.Items, target)
	if deployed == nil {
		return nil, tenant.ErrGone
	}
	return deployed.Config, nil
}
