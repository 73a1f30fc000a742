package chart_test

import (
	"maps"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kube "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/scheme"
)

// cluster answers `lookup` with the objects that there are.
type cluster struct{ *fake.FakeDynamicClient }

func (c cluster) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	group, err := kube.ParseGroupVersion(apiVersion)
	return c.Resource(group.WithResource(strings.ToLower(kind) + "s")), true, err
}

// TestServiceBrokersName: several releases have names of their own in Cloud Foundry and in
// CredHub, with and without the Job, and an upgrade renames none.
func TestServiceBrokersName(t *testing.T) {
	deployed := func(env ...corev1.EnvVar) runtime.Object {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "brokers", Name: "platform"}}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "broker", Env: env}}
		return d
	}
	for name, c := range map[string]struct {
		values             string
		release, namespace string
		there              []runtime.Object
		want               map[string]string
	}{
		"a release": {`{}`, "platform", "brokers", nil, map[string]string{"CF_BROKER_NAME": "brokers-platform"}},
		"the usual": {`{}`, "cf-helm-broker", "cf-helm-broker", nil, map[string]string{}}, // as the broker has it anyway
		"named": {`{register: {name: helm, url: "https://b.example.com"}}`, "platform", "brokers", nil,
			map[string]string{"CF_BROKER_NAME": "helm", "CF_BROKER_URL": "https://b.example.com"}},
		"registers itself": {`{settings: {CF_BROKER_REGISTER: true}, cf: {api: "https://api.example.com"}}`, "platform", "brokers", nil,
			map[string]string{"CF_BROKER_NAME": "brokers-platform", "CF_BROKER_URL": "http://platform.brokers"}},
		"an upgrade from before": {`{}`, "platform", "brokers", []runtime.Object{deployed()}, map[string]string{}},
		"an upgrade": {`{}`, "platform", "brokers", []runtime.Object{deployed(corev1.EnvVar{Name: "CF_BROKER_NAME", Value: "own"})},
			map[string]string{"CF_BROKER_NAME": "own"}},
	} {
		t.Run(name, func(t *testing.T) {
			loaded := load(t)
			given, err := chartutil.ReadValues([]byte(c.values))
			if err != nil {
				t.Fatal(err)
			}
			input, err := chartutil.ToRenderValues(loaded, given, release(c.release, c.namespace), chartutil.DefaultCapabilities)
			if err != nil {
				t.Fatal(err)
			}
			files, err := engine.RenderWithClientProvider(loaded, input, cluster{fake.NewSimpleDynamicClient(scheme.Scheme, c.there...)})
			if err != nil {
				t.Fatal(err)
			}
			checkRegistration(t, decode(t, "deployment.yaml", files[loaded.Name()+"/templates/deployment.yaml"]), c.want)
			if notes := files[loaded.Name()+"/templates/NOTES.txt"]; !strings.Contains(notes, "create-service-broker ") && !strings.Contains(notes, "registers itself there, as "+c.want["CF_BROKER_NAME"]) {
				t.Errorf("the notes say\n%s", notes)
			}
		})
	}
}

// checkRegistration holds the Deployment's settings of the registration against those wanted.
func checkRegistration(t *testing.T, objects []*unstructured.Unstructured, want map[string]string) {
	t.Helper()
	var d appsv1.Deployment
	if len(objects) != 1 {
		t.Fatalf("there are %d objects, want the Deployment", len(objects))
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, &d); err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, e := range d.Spec.Template.Spec.Containers[0].Env {
		if e.Name == "CF_BROKER_NAME" || e.Name == "CF_BROKER_URL" {
			have[e.Name] = e.Value
		}
	}
	if !maps.Equal(have, want) {
		t.Errorf("the settings are %v, want %v", have, want)
	}
}
