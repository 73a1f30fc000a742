package tenant

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// dropPullSecret deletes the pull Secret that an instance's namespace has from
// when the registry was given a password: nodes have it by now, or nobody needs
// one. Whether there is one stands in the default ServiceAccount, last to forget.
func (n *Namespaces) dropPullSecret(ctx context.Context, namespace string) error {
	if n.settings.Registry.Username != "" {
		return nil
	}
	err := n.InNamespace(ctx, namespace, func(clients kubernetes.Interface) error {
		account, err := clients.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		at := -1
		if err == nil {
			at = slices.Index(account.ImagePullSecrets, corev1.LocalObjectReference{Name: manifest.PullSecret})
		}
		if at < 0 {
			return err
		}
		if err := clients.CoreV1().Secrets(namespace).Delete(ctx, manifest.PullSecret, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		return setPullSecrets(ctx, clients, account, slices.Delete(account.ImagePullSecrets, at, at+1))
	})
	if err != nil {
		return fmt.Errorf("taking the pull Secret %s from namespace %s: %w", manifest.PullSecret, namespace, err)
	}
	return nil
}
