package release

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

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
	kinds, err := c.clusterKinds(target)
	if err != nil {
		return fmt.Errorf("asking for the cluster's kinds: %w", err)
	}
	config := rest.CopyConfig(c.config)
	config.Wrap(bindTransport(ctx))
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("building the client for cluster-scoped objects: %w", err)
	}
	for _, kind := range kinds {
		if err := sweepKind(ctx, client.Resource(kind), target); err != nil {
			return fmt.Errorf("deleting what the chart made of %s: %w", kind.GroupResource(), err)
		}
	}
	return nil
}

// clusterKinds are the cluster-scoped kinds that the target allows and the
// cluster serves.
func (c *Client) clusterKinds(target tenant.Target) ([]schema.GroupVersionResource, error) {
	lists, err := discovery.ServerPreferredResources(c.discovery)
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) { // some API service may be down
		return nil, err
	}
	allowed := manifest.Rules{ClusterKinds: target.ClusterObjects}
	var found []schema.GroupVersionResource
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil || version.Group == manifest.CRDKind.Group {
			continue
		}
		for _, r := range list.APIResources {
			if allowed.Allows(schema.GroupKind{Group: version.Group, Kind: r.Kind}, r.Namespaced) && slices.Contains(r.Verbs, "list") {
				found = append(found, version.WithResource(r.Name))
			}
		}
	}
	return found, nil
}

// sweptAtOnce is how many objects are listed at a time.
const sweptAtOnce = 500

func sweepKind(ctx context.Context, client metadata.ResourceInterface, target tenant.Target) error {
	options := metav1.ListOptions{Limit: sweptAtOnce}
	for {
		list, err := client.List(ctx, options)
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, object := range list.Items {
			marks := object.Annotations
			if marks[releaseAnnotation] != target.Release || marks[releaseNamespaceAnnotation] != target.Namespace {
				continue
			}
			own := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &object.UID}}
			if err := client.Delete(ctx, object.Name, own); err != nil && !apierrors.IsNotFound(err) {
				return err
			}
		}
		if options.Continue = list.Continue; options.Continue == "" {
			return nil
		}
	}
}
