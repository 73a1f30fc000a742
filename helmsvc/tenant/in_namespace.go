package tenant

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
)

// ErrGone says that somebody else has removed an instance from the cluster.
var ErrGone = errors.New("the release of the service instance is gone from the cluster: somebody has removed it by hand; delete the service instance and create it anew")

// InNamespace calls what reads an instance's namespace, as the instance. It is
// called again where the instance's account had to be made first. ErrGone says
// that the namespace is gone or going.
func (n *Namespaces) InNamespace(ctx context.Context, namespace string, read func(kubernetes.Interface) error) error {
	if !n.settings.Impersonate {
		return read(n.clients)
	}
	clients, err := kubernetes.NewForConfig(AsInstance(n.config, namespace))
	if err != nil {
		return fmt.Errorf("building the instance's Kubernetes client: %w", err)
	}
	if err := read(clients); !apierrors.IsForbidden(err) {
		return err
	}
	if err := n.RepairAccount(ctx, Target{Namespace: namespace}); err != nil {
		return err
	}
	if err := n.AwaitAccount(ctx, Target{Namespace: namespace}); err != nil {
		return err
	}
	return read(clients)
}

// isGoing tells whether nothing could be made in a namespace since it isn't
// there, or won't be for long.
func isGoing(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}
