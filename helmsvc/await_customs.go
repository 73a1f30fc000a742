package helmsvc

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// awaitCustoms waits for an instance's custom resources and what their operators
// make of them. If ctx ends before, reason is what it was waiting for.
func (c *Cluster) awaitCustoms(ctx context.Context, target tenant.Target, customs []*unstructured.Unstructured) (reason string, err error) {
	reader, err := readiness.NewReader(c.As(target), c.config, c.discovery, target.Ready)
	if err != nil {
		return "", err
	}
	resources, err := c.resourcesOf(target.Namespace, customs)
	if err != nil {
		return "", err
	}
	return reader.AwaitMade(ctx, target.Namespace, resources)
}

// resourcesOf finds out how the cluster serves objects.
func (c *Cluster) resourcesOf(namespace string, objects []*unstructured.Unstructured) (kube.ResourceList, error) {
	mapper := &sessionMapper{ResettableRESTMapper: c.mapper}
	var resources kube.ResourceList
	for _, object := range objects {
		kind := object.GroupVersionKind()
		mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return nil, fmt.Errorf("asking how the cluster serves %s: %w", kind.Kind, err)
		}
		resources.Append(&resource.Info{Mapping: mapping, Namespace: namespace, Name: object.GetName()})
	}
	return resources, nil
}
