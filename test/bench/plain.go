package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

// plain is baseline (b): client-go creates the chart's objects, which are
// rendered once, and watches until they are ready.
type plain struct {
	kube    kubernetes.Interface
	objects []runtime.Object
}

func newPlain(kube kubernetes.Interface, folder string) (*plain, error) {
	manifests, err := render(folder)
	if err != nil {
		return nil, fmt.Errorf("rendering the chart: %w", err)
	}
	p := &plain{kube: kube}
	for _, m := range manifests {
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(m), nil, nil)
		if err != nil {
			return nil, fmt.Errorf("decoding the chart's objects: %w", err)
		}
		p.objects = append(p.objects, object)
	}
	return p, nil
}

// render renders the chart into manifests in the order of the file.
func render(folder string) (manifests []string, err error) {
	loaded, err := loader.Load(folder)
	if err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: "k-plain", Namespace: "plain", Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(loaded, nil, options, nil)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(loaded, values)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		parts := releaseutil.SplitManifests(text)
		for n := range len(parts) {
			manifests = append(manifests, parts[fmt.Sprintf("manifest-%d", n)])
		}
	}
	return slices.DeleteFunc(manifests, func(m string) bool { return strings.TrimSpace(m) == "" }), nil
}

// install makes the namespace and the objects, and returns when the Deployment
// is available.
func (p *plain) install(ctx context.Context, namespace string) error {
	_, err := p.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := p.awaitServiceAccount(ctx, namespace); err != nil {
		return err
	}
	for _, object := range p.objects {
		if err := p.create(ctx, namespace, object); err != nil {
			return err
		}
	}
	return p.awaitDeployment(ctx, namespace)
}

func (p *plain) create(ctx context.Context, namespace string, object runtime.Object) (err error) {
	switch o := object.(type) {
	case *corev1.Secret:
		_, err = p.kube.CoreV1().Secrets(namespace).Create(ctx, o, metav1.CreateOptions{})
	case *corev1.ConfigMap:
		_, err = p.kube.CoreV1().ConfigMaps(namespace).Create(ctx, o, metav1.CreateOptions{})
	case *corev1.Service:
		_, err = p.kube.CoreV1().Services(namespace).Create(ctx, o, metav1.CreateOptions{})
	case *appsv1.Deployment:
		_, err = p.kube.AppsV1().Deployments(namespace).Create(ctx, o, metav1.CreateOptions{})
	default:
		err = fmt.Errorf("the chart has a %T, which plain apply doesn't know", object)
	}
	return err
}

// awaitServiceAccount waits for what pods are refused without.
func (p *plain) awaitServiceAccount(ctx context.Context, namespace string) error {
	w, err := p.kube.CoreV1().ServiceAccounts(namespace).Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=default"})
	return until(ctx, w, err, func(watch.Event) bool { return true })
}

func (p *plain) awaitDeployment(ctx context.Context, namespace string) error {
	w, err := p.kube.AppsV1().Deployments(namespace).Watch(ctx, metav1.ListOptions{})
	return until(ctx, w, err, func(event watch.Event) bool {
		d, ok := event.Object.(*appsv1.Deployment)
		return ok && d.Status.ObservedGeneration >= d.Generation && d.Status.AvailableReplicas == *d.Spec.Replicas
	})
}

// until reads the watch until an event is what is waited for.
func until(ctx context.Context, w watch.Interface, err error, met func(watch.Event) bool) error {
	if err != nil {
		return err
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		if met(event) {
			return nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("the API server ended a watch")
}
