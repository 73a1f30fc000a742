// Package kubernetes_test checks what is deployed, these manifests, the image and the CF manifest, against
// each other and against the settings that the broker has. That the rights suffice is for an end-to-end
// test with this ServiceAccount to show.
package kubernetes_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

const kustomization = "kustomization.yaml"

// apart are the files that are applied by themselves: what they hold must not be overwritten by the rest.
var apart = []string{"secret.yaml", "token.yaml"}

func TestKustomizationHoldsEveryManifest(t *testing.T) {
	var k struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Resources  []string `json:"resources"`
	}
	readStrictly(t, kustomization, &k)
	files := slices.DeleteFunc(manifestFiles(t), func(name string) bool { return slices.Contains(apart, name) })
	slices.Sort(files)
	slices.Sort(k.Resources)
	if !slices.Equal(k.Resources, files) {
		t.Errorf("%s lists %v, the folder holds %v", kustomization, k.Resources, files)
	}
}

func TestDeploymentFindsWhatItRefersTo(t *testing.T) {
	everything := decodeAll(t)
	deployment := only[*appsv1.Deployment](t, everything)
	pod := deployment.Spec.Template.Spec
	account := only[*corev1.ServiceAccount](t, everything)
	if pod.ServiceAccountName != account.Name || deployment.Namespace != account.Namespace {
		t.Errorf("the pod runs as %s/%s, the ServiceAccount is %s/%s", deployment.Namespace, pod.ServiceAccountName, account.Namespace, account.Name)
	}
	if pod.AutomountServiceAccountToken == nil || !*pod.AutomountServiceAccountToken {
		t.Error("the pod gets no token")
	}
	secret := only[*corev1.Secret](t, decode(t, "secret.yaml"))
	for _, e := range pod.Containers[0].Env {
		if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
			continue
		}
		ref := e.ValueFrom.SecretKeyRef
		if _, found := secret.StringData[ref.Key]; !found || ref.Name != secret.Name || secret.Namespace != deployment.Namespace {
			t.Errorf("%s comes from key %s of Secret %s, which secret.yaml doesn't have", e.Name, ref.Key, ref.Name)
		}
	}
	service := only[*corev1.Service](t, everything)
	for key, value := range service.Spec.Selector {
		if deployment.Spec.Template.Labels[key] != value {
			t.Errorf("the Service selects %s=%s, the pods carry %v", key, value, deployment.Spec.Template.Labels)
		}
	}
	if target := service.Spec.Ports[0].TargetPort.StrVal; target != pod.Containers[0].Ports[0].Name {
		t.Errorf("the Service sends to port %q, the container has %q", target, pod.Containers[0].Ports[0].Name)
	}
}

// A filled-in secret must not get into the repository.
func TestSecretIsEmpty(t *testing.T) {
	secret := only[*corev1.Secret](t, decode(t, "secret.yaml"))
	for key, value := range secret.StringData {
		if value != "" {
			t.Errorf("%s has a value", key)
		}
	}
	if len(secret.Data) > 0 {
		t.Errorf("the Secret has data")
	}
}

// A replica that is killed or replaced leaves one that answers meanwhile.
func TestTwoReplicas(t *testing.T) {
	deployment := only[*appsv1.Deployment](t, decodeAll(t))
	if *deployment.Spec.Replicas < 2 || deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		t.Errorf("%d replicas with strategy %s, want 2 at least, replaced one by one", *deployment.Spec.Replicas, deployment.Spec.Strategy.Type)
	}
	if app := cfApp(t); app.Instances < 2 {
		t.Errorf("manifest.yml asks for %d instances, want 2 at least", app.Instances)
	}
}

func decodeAll(t *testing.T) []runtime.Object {
	t.Helper()
	var all []runtime.Object
	for _, name := range manifestFiles(t) {
		all = append(all, decode(t, name)...)
	}
	return slices.DeleteFunc(all, func(o runtime.Object) bool { _, secret := o.(*corev1.Secret); return secret })
}

func manifestFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifest found beside this test: %v", err)
	}
	return slices.DeleteFunc(files, func(name string) bool { return name == kustomization })
}

// decode reads the objects of a file, refusing fields that Kubernetes doesn't know.
func decode(t *testing.T, name string) []runtime.Object {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	var objects []runtime.Object
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		objects = append(objects, object)
	}
}

func only[T runtime.Object](t *testing.T, objects []runtime.Object) T {
	t.Helper()
	var found []T
	for _, object := range objects {
		if o, ok := object.(T); ok {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d objects of type %T, want 1", len(found), *new(T))
	}
	return found[0]
}

func readStrictly(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(content, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
