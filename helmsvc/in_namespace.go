package helmsvc

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
)

// inNamespace calls what reads an instance's namespace, as the instance. It is
// called again where the instance's account had to be made first. ErrGone says
// that the namespace is gone or going.
func (c *Cluster) inNamespace(ctx context.Context, namespace string, read func(kubernetes.Interface) error) error {
	if !c.settings.Impersonate {
		return read(c.clients)
	}
	clients, err := kubernetes.NewForConfig(c.asInstance(namespace))
	if err != nil {
		return fmt.Errorf("building the instance's Kubernetes client: %w", err)
	}
	if err := read(clients); !apierrors.IsForbidden(err) {
		return err
	}
	if err := c.repairAccount(ctx, Target{Namespace: namespace}); err != nil {
		return err
	}
	err = c.awaitAccount(ctx, namespace)
	if isGoing(err) {
		return ErrGone
	}
	if err != nil {
		return err
	}
	return read(clients)
}

// isGoing tells whether nothing could be made in a namespace since it isn't
// there, or won't be for long.
func isGoing(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}
