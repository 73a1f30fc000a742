package readiness

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

var (
	secretResource  = corev1.SchemeGroupVersion.WithResource("secrets")
	serviceResource = corev1.SchemeGroupVersion.WithResource("services")
)

// AwaitMade watches custom resources until they are ready and what their operators
// make of them is there. If ctx ends before, reason is what it was waiting for.
func (r Reader) AwaitMade(ctx context.Context, namespace string, resources kube.ResourceList) (reason string, err error) {
	watched, err := r.watchRelease(ctx, namespace, resources, false, secretResource, serviceResource)
	if err != nil {
		return "", err
	}
	defer watched.stop()
	for {
		verdict, err := watched.judge()
		if err != nil {
			return "", fmt.Errorf("judging readiness: %w", err)
		}
		// One that says itself that it is ready may have nothing to hand out: a
		// topic of a cluster that others share, say.
		if verdict.ready && (verdict.told || watched.offersAnything()) {
			return "", nil
		}
		select {
		case <-watched.changed:
		case <-watched.ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return "", context.Cause(watched.ctx)
			}
			if verdict.ready {
				verdict.progress.Reason = fmt.Sprintf("nothing has been made of %s %s yet, and its status doesn't say that it is ready", watched.objects[0].kind, watched.objects[0].name)
			}
			return verdict.progress.Reason, ctx.Err()
		}
	}
}

// offersAnything tells whether a bind would find a Secret, a Service or a pod.
func (w *watchedRelease) offersAnything() bool {
	pods, err := w.sortedPods()
	if err != nil || count(pods).Total > 0 {
		return err == nil
	}
	for _, lister := range w.others {
		found, err := lister.List(labels.Everything())
		if err == nil && containsOffered(found) {
			return true
		}
	}
	return false
}

// containsOffered leaves out the Secrets that Kubernetes, Helm and the broker
// make for themselves.
func containsOffered[T any](objects []T) bool {
	for _, object := range objects {
		u, err := manifest.AsUnstructured(object)
		if err != nil {
			continue
		}
		kind, _, _ := unstructured.NestedString(u.Object, "type")
		switch corev1.SecretType(kind) {
		case "helm.sh/release.v1", corev1.SecretTypeServiceAccountToken, corev1.SecretTypeDockerConfigJson, corev1.SecretTypeDockercfg:
		default:
			return true
		}
	}
	return false
}
