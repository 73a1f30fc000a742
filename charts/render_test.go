package charts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/scheme"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

const (
	namespace = "test"
	// release is as short as the broker's own.
	release = "k-h5nzyqhy"
)

// cluster is where a template's lookup looks. It knows Secrets only.
type cluster struct{ client dynamic.Interface }

func (c cluster) GetClientFor(version, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	if version != "v1" || kind != "Secret" {
		return nil, false, fmt.Errorf("a template looks up %s %s; this cluster holds Secrets alone", version, kind)
	}
	return c.client.Resource(corev1.SchemeGroupVersion.WithResource("secrets")), true, nil
}

// manifests renders a chart as an install or upgrade would in a cluster that holds the given objects.
// It fails as Helm does if the values don't fit the schema.
func manifests(t *testing.T, name, release string, values map[string]any, existing ...runtime.Object) ([]string, error) {
	t.Helper()
	chart, err := loader.LoadDir(name)
	if err != nil {
		t.Fatal(err)
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace}
	input, err := chartutil.ToRenderValues(chart, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	client := fake.NewSimpleDynamicClient(scheme.Scheme, existing...)
	files, err := engine.RenderWithClientProvider(chart, input, cluster{client})
	if err != nil {
		return nil, err
	}
	var documents []string
	for file, content := range files {
		if strings.HasSuffix(file, ".yaml") && strings.TrimSpace(content) != "" {
			documents = append(documents, content)
		}
	}
	return documents, nil
}

// render decodes what manifests gives, refusing fields that Kubernetes doesn't know.
func render(t *testing.T, chart, release string, values map[string]any, existing ...runtime.Object) []runtime.Object {
	t.Helper()
	documents, err := manifests(t, chart, release, values, existing...)
	if err != nil {
		t.Fatal(err)
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	var objects []runtime.Object
	for _, document := range documents {
		object, _, err := decoder.Decode([]byte(document), nil, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		objects = append(objects, object)
	}
	return objects
}

// only returns the one object of its type.
func only[T runtime.Object](t *testing.T, objects []runtime.Object) T {
	t.Helper()
	found := all[T](objects)
	if len(found) != 1 {
		t.Fatalf("the chart has %d objects of type %T, want 1", len(found), *new(T))
	}
	return found[0]
}

func all[T runtime.Object](objects []runtime.Object) []T {
	var found []T
	for _, object := range objects {
		if o, ok := object.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

// podTemplates returns the template of every workload.
func podTemplates(t *testing.T, objects []runtime.Object) []corev1.PodTemplateSpec {
	t.Helper()
	var templates []corev1.PodTemplateSpec
	for _, workload := range all[*appsv1.Deployment](objects) {
		templates = append(templates, workload.Spec.Template)
	}
	for _, workload := range all[*appsv1.StatefulSet](objects) {
		templates = append(templates, workload.Spec.Template)
	}
	if len(templates) == 0 {
		t.Fatal("the chart has no workload")
	}
	return templates
}

// containers returns all containers of a pod, those that prepare it included.
func containers(pod corev1.PodSpec) []corev1.Container {
	return slices.Concat(pod.InitContainers, pod.Containers)
}
