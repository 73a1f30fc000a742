package view

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// awaitCustoms waits for an instance's custom resources and what their operators
// make of them. If ctx ends before, reason is what it was waiting for.
func (r *Reader) awaitCustoms(ctx context.Context, target tenant.Target, customs []*unstructured.Unstructured) (reason string, err error) {
	reader, err := readiness.NewReader(r.tenants.As(target), r.config, r.discovery, target.Ready)
	if err != nil {
		return "", err
	}
	resources, err := (&readiness.Mapper{ResettableRESTMapper: r.mapper}).ResourcesOf(target.Namespace, customs)
	if err != nil {
		return "", err
	}
	return reader.AwaitMade(ctx, target.Namespace, resources)
}
