package identity

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/metadata"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Pods are this node's, as a watch has seen them.
type Pods interface {
	// Pod returns a pod's metadata; nil: it isn't known.
	Pod(namespace, name string) *metav1.PartialObjectMetadata
}

// Reader asks for one node.
type Reader struct {
	Client metadata.Interface
	Node   string
	Pods   Pods
}

// patience is how long Kubernetes may take to answer.
const patience = 5 * time.Second

// Belongs says where a pod belongs. Its errors are for the pod's events.
func (r *Reader) Belongs(ctx context.Context, pod socket.Pod) (podgroup.Membership, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := r.pod(ctx, pod)
	if err != nil {
		return podgroup.Membership{}, err
	}
	namespace, err := r.Client.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Get(ctx, pod.Namespace, metav1.GetOptions{})
	if err != nil {
		return podgroup.Membership{}, fmt.Errorf("Kubernetes can't be asked for the policy group of namespace %s; it is tried again: %w", pod.Namespace, err)
	}
	return podgroup.Of(found, namespace)
}

// pod is the very pod that is meant: another may have its name by now.
func (r *Reader) pod(ctx context.Context, pod socket.Pod) (*metav1.PartialObjectMetadata, error) {
	if known := r.Pods.Pod(pod.Namespace, pod.Name); known != nil && string(known.UID) == pod.UID {
		return known, nil
	}
	live, err := r.Client.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace(pod.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.AndSelectors(
			fields.OneTermEqualSelector(metav1.ObjectNameField, pod.Name),
			fields.OneTermEqualSelector("spec.nodeName", r.Node)).String(),
	})
	switch {
	case apierrors.IsNotFound(err), err == nil && len(live.Items) == 0:
		return nil, fmt.Errorf("pod %s/%s %s %s any more", pod.Namespace, pod.Name, socket.NotHere, r.Node)
	case err != nil:
		return nil, fmt.Errorf("Kubernetes can't be asked for pod %s/%s; it is tried again: %w", pod.Namespace, pod.Name, err)
	case string(live.Items[0].UID) != pod.UID:
		return nil, fmt.Errorf("pod %s/%s is another one by now: its UID is %s, and a network is asked for for %s", pod.Namespace, pod.Name, live.Items[0].UID, pod.UID)
	}
	return &live.Items[0], nil
}
