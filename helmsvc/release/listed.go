package release

import (
	"context"
	"fmt"
	"iter"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// listableKind is one whose objects can be listed.
type listableKind struct {
	schema.GroupVersionResource
	kind schema.GroupKind
}

// listable are the kinds that the cluster serves and that are wanted, without
// CustomResourceDefinitions, which stay. whole is false if some API service is down, and with
// it what it serves.
func (c *Client) listable(wanted func(kind schema.GroupKind, namespaced bool) bool) (found []listableKind, whole bool, err error) {
	lists, err := discovery.ServerPreferredResources(c.discovery)
	whole = err == nil
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, false, fmt.Errorf("asking for the cluster's kinds: %w", err)
	}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil || version.Group == manifest.CRDKind.Group {
			continue
		}
		for _, r := range list.APIResources {
			kind := schema.GroupKind{Group: version.Group, Kind: r.Kind}
			if wanted(kind, r.Namespaced) && slices.Contains(r.Verbs, "list") {
				found = append(found, listableKind{version.WithResource(r.Name), kind})
			}
		}
	}
	return found, whole, nil
}

// metadataClient asks for objects' metadata only, as long as ctx lasts.
func metadataClient(ctx context.Context, config *rest.Config) (metadata.Interface, error) {
	config = rest.CopyConfig(config)
	config.Wrap(bindTransport(ctx))
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("building the client for objects' metadata: %w", err)
	}
	return client, nil
}

// listedAtOnce is how many objects are listed at a time.
const listedAtOnce = 500

// listed are the metadata of the objects, up to the first error.
func listed(ctx context.Context, client metadata.ResourceInterface, options metav1.ListOptions) iter.Seq2[*metav1.PartialObjectMetadata, error] {
	return func(yield func(*metav1.PartialObjectMetadata, error) bool) {
		options.Limit = listedAtOnce
		for {
			list, err := client.List(ctx, options)
			if err != nil {
				yield(nil, err)
				return
			}
			for n := range list.Items {
				if !yield(&list.Items[n], nil) {
					return
				}
			}
			if options.Continue = list.Continue; options.Continue == "" {
				return
			}
		}
	}
}
