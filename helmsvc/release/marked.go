package release

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// Marked is an object that carries a release's marks and isn't in its namespace.
type Marked struct {
	// Resource is as kubectl names it, and Namespace empty for a cluster-scoped object.
	Resource, Namespace, Name string
	Created                   time.Time
	Release, ReleaseNamespace string
}

// MarkedOutside are such objects of all kinds that the broker may list and that can have some:
// the cluster-scoped ones, and all where charts aren't kept in their namespaces. What is being
// deleted isn't among them. unlisted are the kinds that it may not list, or whose API service
// is down: of those that are named as plans name them in cluster_objects, or else of all.
func (c *Client) MarkedOutside(ctx context.Context, named []string) (found []Marked, unlisted []string, err error) {
	confined := c.tenants.Impersonates()
	kinds, whole, err := c.listable(func(_ schema.GroupKind, namespaced bool) bool { return !namespaced || !confined })
	if err != nil {
		return nil, nil, err
	}
	client, err := metadataClient(ctx, c.config)
	if err != nil {
		return nil, nil, err
	}
	if !whole {
		unlisted = append(unlisted, missing(named, kinds)...)
	}
	plans := manifest.Rules{ClusterKinds: named}
	for _, kind := range kinds {
		some, err := markedOf(ctx, client, kind)
		switch {
		case apierrors.IsForbidden(err):
			if !confined || plans.Allows(kind.kind, false) {
				unlisted = append(unlisted, kind.GroupResource().String())
			}
		case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
		case err != nil:
			return nil, nil, fmt.Errorf("listing %s: %w", kind.GroupResource(), err)
		}
		found = append(found, some...)
	}
	return found, unlisted, nil
}

// missing are those of the named kinds that aren't served.
func missing(named []string, kinds []listableKind) (all []string) {
	for _, name := range named {
		rules := manifest.Rules{ClusterKinds: []string{name}}
		if !slices.ContainsFunc(kinds, func(k listableKind) bool { return rules.Allows(k.kind, false) }) {
			all = append(all, name)
		}
	}
	return all
}

func markedOf(ctx context.Context, client metadata.Interface, kind listableKind) (found []Marked, err error) {
	for object, err := range listed(ctx, client.Resource(kind.GroupVersionResource), metav1.ListOptions{}) {
		if err != nil {
			return found, err
		}
		release, namespace := object.Annotations[releaseAnnotation], object.Annotations[releaseNamespaceAnnotation]
		if release == "" || namespace == "" || namespace == object.Namespace || object.DeletionTimestamp != nil {
			continue
		}
		found = append(found, Marked{
			Resource: kind.GroupResource().String(), Namespace: object.Namespace, Name: object.Name,
			Created: object.CreationTimestamp.Time, Release: release, ReleaseNamespace: namespace,
		})
	}
	return found, nil
}
