package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// EnsurePullSecret brings the namespace's pull Secret up to date and gives it
// to the default ServiceAccount, for pods that no chart describes: those that
// an operator makes for a custom resource, say. It is done as the instance,
// where it is one: the broker itself need not have rights in all namespaces.
func (n *Namespaces) EnsurePullSecret(ctx context.Context, namespace string, instance bool) error {
	if n.settings.Registry.Server == "" || n.settings.Registry.Username == "" {
		return nil
	}
	write := func(clients kubernetes.Interface) error { return n.writePullSecret(ctx, clients, namespace) }
	if instance {
		return n.InNamespace(ctx, namespace, write)
	}
	return write(n.clients)
}

func (n *Namespaces) writePullSecret(ctx context.Context, clients kubernetes.Interface, namespace string) error {
	config, err := n.settings.Registry.DockerConfig()
	if err != nil {
		return fmt.Errorf("encoding the pull Secret: %w", err)
	}
	// A type that bindings don't see.
	secret := corev1apply.Secret(manifest.PullSecret, namespace).WithType(corev1.SecretTypeDockerConfigJson).
		WithData(map[string][]byte{corev1.DockerConfigJsonKey: config})
	if _, err := clients.CoreV1().Secrets(namespace).Apply(ctx, secret, applying()); err != nil {
		return fmt.Errorf("writing the pull Secret %s of namespace %s: %w", manifest.PullSecret, namespace, err)
	}
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error { return lendPullSecret(ctx, clients, namespace) })
	if err != nil {
		return fmt.Errorf("adding the pull Secret %s to the default ServiceAccount of namespace %s: %w", manifest.PullSecret, namespace, err)
	}
	return nil
}

// lendPullSecret keeps what else the ServiceAccount names.
func lendPullSecret(ctx context.Context, clients kubernetes.Interface, namespace string) error {
	account, err := clients.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
	if err != nil {
		return err
	}
	own := corev1.LocalObjectReference{Name: manifest.PullSecret}
	if slices.Contains(account.ImagePullSecrets, own) {
		return nil
	}
	return setPullSecrets(ctx, clients, account, append(account.ImagePullSecrets, own))
}

// setPullSecrets changes the ServiceAccount that was read, if it is still that: the
// API server can't merge the list.
func setPullSecrets(ctx context.Context, clients kubernetes.Interface, account *corev1.ServiceAccount, secrets []corev1.LocalObjectReference) error {
	patch, err := json.Marshal(map[string]any{
		"metadata":         map[string]any{"resourceVersion": account.ResourceVersion},
		"imagePullSecrets": secrets,
	})
	if err != nil {
		return err
	}
	_, err = clients.CoreV1().ServiceAccounts(account.Namespace).Patch(ctx, account.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	return err
}
