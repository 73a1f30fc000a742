package nodepods

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Watch is of one node.
type Watch struct {
	pods, namespaces cache.SharedIndexInformer
	marked           func(namespace, revision string)
}

// New watches the pods of node; marked is told of each namespace with pods there
// whose mark (podgroup.MarkAnnotation) has changed, with the resourceVersion that the
// namespace has by that, and has to return at once.
func New(client metadata.Interface, node string, marked func(namespace, revision string)) (*Watch, error) {
	pods := metadatainformer.NewFilteredMetadataInformer(client, corev1.SchemeGroupVersion.WithResource("pods"), metav1.NamespaceAll, 0,
		cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
		func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node).String()
		})
	namespaces := metadatainformer.NewFilteredMetadataInformer(client, corev1.SchemeGroupVersion.WithResource("namespaces"), metav1.NamespaceAll, 0, nil, nil)
	w := &Watch{pods: pods.Informer(), namespaces: namespaces.Informer(), marked: marked}
	if err := errors.Join(w.pods.SetTransform(trimPod), w.namespaces.SetTransform(trimNamespace)); err != nil {
		return nil, fmt.Errorf("watching the node's pods: %w", err)
	}
	_, err := w.namespaces.AddEventHandler(cache.ResourceEventHandlerFuncs{UpdateFunc: w.changed})
	return w, err
}

// Run watches until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	go w.pods.RunWithContext(ctx)
	w.namespaces.RunWithContext(ctx)
}

// Synced tells whether all has been seen once.
func (w *Watch) Synced() bool { return w.pods.HasSynced() && w.namespaces.HasSynced() }

// AwaitSynced waits until all has been seen once, and returns the resourceVersions of the
// namespaces: of their marks until then nobody may have been told. It returns nothing if
// ctx ends before.
func (w *Watch) AwaitSynced(ctx context.Context) (revisions []string) {
	if !cache.WaitForCacheSync(ctx.Done(), w.Synced) {
		return nil
	}
	for _, namespace := range w.namespaces.GetStore().List() {
		if seen, isMeta := namespace.(*metav1.PartialObjectMetadata); isMeta {
			revisions = append(revisions, seen.ResourceVersion)
		}
	}
	return revisions
}

// Pod returns a pod's metadata; nil: it isn't known on this node.
func (w *Watch) Pod(namespace, name string) *metav1.PartialObjectMetadata {
	found, _, _ := w.pods.GetStore().GetByKey(namespace + "/" + name)
	pod, _ := found.(*metav1.PartialObjectMetadata)
	return pod
}

// Count is how many pods the node has.
func (w *Watch) Count() int { return len(w.pods.GetStore().ListKeys()) }

// changed tells of a namespace whose mark is another, if the node has pods of it.
func (w *Watch) changed(before, after any) {
	was, isMeta := before.(*metav1.PartialObjectMetadata)
	now, areMeta := after.(*metav1.PartialObjectMetadata)
	if !isMeta || !areMeta || was.Annotations[podgroup.MarkAnnotation] == now.Annotations[podgroup.MarkAnnotation] {
		return
	}
	if pods, err := w.pods.GetIndexer().IndexKeys(cache.NamespaceIndex, now.Name); err == nil && len(pods) > 0 {
		w.marked(now.Name, now.ResourceVersion)
	}
}

// trimPod keeps what podgroup.Of looks at.
func trimPod(object any) (any, error) {
	all, isMeta := object.(*metav1.PartialObjectMetadata)
	if !isMeta {
		return object, nil
	}
	kept := trimmed(all, podgroup.Annotation)
	kept.GenerateName, kept.Labels = all.GenerateName, all.Labels
	if owner := metav1.GetControllerOfNoCopy(all); owner != nil {
		kept.OwnerReferences = []metav1.OwnerReference{{Kind: owner.Kind, Name: owner.Name, Controller: owner.Controller}}
	}
	return kept, nil
}

// trimNamespace keeps what changed looks at. A namespace's group is asked for when a
// pod starts.
func trimNamespace(object any) (any, error) {
	all, isMeta := object.(*metav1.PartialObjectMetadata)
	if !isMeta {
		return object, nil
	}
	return trimmed(all, podgroup.MarkAnnotation), nil
}

// trimmed is which object it is, and one of its annotations.
func trimmed(all *metav1.PartialObjectMetadata, annotation string) *metav1.PartialObjectMetadata {
	kept := &metav1.PartialObjectMetadata{TypeMeta: all.TypeMeta, ObjectMeta: metav1.ObjectMeta{
		Namespace: all.Namespace, Name: all.Name, UID: all.UID, ResourceVersion: all.ResourceVersion,
	}}
	if value := all.Annotations[annotation]; value != "" {
		kept.Annotations = map[string]string{annotation: value}
	}
	return kept
}
