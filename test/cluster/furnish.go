package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StorageClass is the name of the default StorageClass. A claim of it is bound within a moment and its volume goes away
// with it.
const StorageClass = "standard"

// provisioner is also in stages/volume.yaml.
const provisioner = "cf-helm-broker.test/volume"

// furnish puts into the empty cluster what every cluster has, and waits until pods can be created and scheduled.
func (c *Cluster) furnish(ctx context.Context) error {
	version, err := c.client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("asking for the Kubernetes version: %w", err)
	}
	for i := range c.options.Nodes {
		if _, err := c.client.CoreV1().Nodes().Create(ctx, newNode(i, version.GitVersion), metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("adding a node: %w", err)
		}
	}
	reclaim, binding := corev1.PersistentVolumeReclaimDelete, storagev1.VolumeBindingImmediate
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        StorageClass,
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner:       provisioner,
		ReclaimPolicy:     &reclaim,
		VolumeBindingMode: &binding,
	}
	if _, err := c.client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("adding the default StorageClass: %w", err)
	}
	for _, namespace := range []string{metav1.NamespaceDefault, metav1.NamespaceSystem} {
		if err := c.awaitServiceAccount(ctx, namespace); err != nil {
			return err
		}
	}
	return c.awaitNodes(ctx)
}

func (c *Cluster) awaitServiceAccount(ctx context.Context, namespace string) error {
	return c.await(ctx, "the default ServiceAccount of "+namespace, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
}

func (c *Cluster) awaitNodes(ctx context.Context) error {
	return c.await(ctx, "the nodes to be ready", func(ctx context.Context) (bool, error) {
		nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, node := range nodes.Items {
			if !nodeReady(&node) || len(node.Spec.Taints) > 0 {
				return false, fmt.Errorf("%s isn't ready", node.Name)
			}
		}
		return len(nodes.Items) == c.options.Nodes, nil
	})
}
