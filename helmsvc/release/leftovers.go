package release

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/metadata"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// outside are the objects outside the instance's namespace that some revision
// of the release has made, hooks included: Helm doesn't delete all of them, nor what
// its chart wants kept, and no namespace takes them along. A document of a
// record that can't be read wasn't made.
func (s *session) outside(revisions []*release.Release) (kube.ResourceList, error) {
	if s.client.broker == nil {
		return nil, nil
	}
	var found kube.ResourceList
	for _, r := range revisions {
		for _, text := range documentsOf(r) {
			objects, err := manifest.Decode(text)
			if err != nil {
				continue
			}
			for _, object := range objects {
				info, err := s.infoOf(object)
				if err != nil {
					return nil, err
				}
				if info != nil && s.client.foreign(info) && !found.Contains(info) {
					found = append(found, info)
				}
			}
		}
	}
	return found, s.client.lendRights(found)
}

func documentsOf(r *release.Release) []string {
	var texts []string
	for _, text := range releaseutil.SplitManifests(r.Manifest) {
		texts = append(texts, text)
	}
	for _, hook := range r.Hooks {
		texts = append(texts, hook.Manifest)
	}
	return texts
}

// infoOf is nil for an object without a name, or of a kind that the cluster
// doesn't serve.
func (s *session) infoOf(object *unstructured.Unstructured) (*resource.Info, error) {
	kind := object.GroupVersionKind()
	mapping, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) || err == nil && object.GetName() == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking for the cluster's kinds: %w", err)
	}
	info := &resource.Info{Mapping: mapping, Name: object.GetName(), Object: object}
	if info.Namespaced() {
		info.Namespace = object.GetNamespace()
	}
	if info.Namespaced() && info.Namespace == "" {
		info.Namespace = s.client.Namespace
	}
	return info, nil
}

// deleteOutsiders deletes those of the objects that are the release's own.
func (s *session) deleteOutsiders(outsiders kube.ResourceList) error {
	if len(outsiders) == 0 {
		return nil
	}
	_, errs := s.client.Delete(outsiders)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("deleting what the chart made outside the namespace: %w", err)
	}
	return nil
}

// DeleteOutside deletes the cluster-scoped objects that carry the release's marks, of
// the kinds that its plan allows, whatever the records say, or if there are none
// any more. Of kinds that the broker may not list nothing more can be found than
// what the records say.
func (c *Client) DeleteOutside(ctx context.Context, target tenant.Target) error {
	if !c.tenants.ActsAsInstance(target) || len(target.ClusterObjects) == 0 {
		return nil
	}
	allowed := manifest.Rules{ClusterKinds: target.ClusterObjects}
	kinds, _, err := c.listable(allowed.Allows)
	if err != nil {
		return err
	}
	client, err := metadataClient(ctx, c.config)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := sweepKind(ctx, client.Resource(kind.GroupVersionResource), target); err != nil {
			return fmt.Errorf("deleting what the chart made of %s: %w", kind.GroupResource(), err)
		}
	}
	return nil
}

func sweepKind(ctx context.Context, client metadata.ResourceInterface, target tenant.Target) error {
	for object, err := range listed(ctx, client, metav1.ListOptions{}) {
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		marks := object.Annotations
		if marks[releaseAnnotation] != target.Release || marks[releaseNamespaceAnnotation] != target.Namespace {
			continue
		}
		own := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &object.UID}}
		if err := client.Delete(ctx, object.Name, own); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}
