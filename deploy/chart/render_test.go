package chart_test

import (
	"bufio"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"helm.sh/helm/v3/pkg/action"
)

// ci are the files of values that the chart is linted and rendered with.
func ci(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("ci/*-values.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no file of values: %v", err)
	}
	return files
}

// TestLint is `helm lint --strict -f FILE`.
func TestLint(t *testing.T) {
	for _, file := range ci(t) {
		lint := action.NewLint()
		lint.Strict, lint.Namespace = true, name
		result := lint.Run([]string{"."}, values(t, file))
		for _, err := range result.Errors {
			t.Errorf("%s: %v", file, err)
		}
		for _, message := range result.Messages {
			if !strings.Contains(message.Error(), "icon is recommended") {
				t.Errorf("%s: %v", file, message)
			}
		}
	}
}

// TestRenders: whatever the values, each object is one that Kubernetes takes, in a
// namespace where it needs one, and refers to what there is.
func TestRenders(t *testing.T) {
	loaded := load(t)
	for _, file := range ci(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), "-values.yaml"), func(t *testing.T) {
			files, err := render(loaded, values(t, file), release("platform", "brokers"))
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range files {
				if strings.Contains(text, name+"\n") || strings.HasSuffix(strings.TrimRight(text, "\n"), " ") {
					t.Errorf("%s ends with blanks", name)
				}
				for _, object := range decode(t, name, text) {
					checkPlace(t, name, object)
				}
			}
			checkReferences(t, all(t, files))
		})
	}
}

// clusterScoped are the kinds that have no namespace.
var clusterScoped = map[string]bool{
	"ClusterRole": true, "ClusterRoleBinding": true, "ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true,
}

// checkPlace: two releases of the same name don't meet.
func checkPlace(t *testing.T, file string, object *unstructured.Unstructured) {
	t.Helper()
	kind, name, namespace := object.GetKind(), object.GetName(), object.GetNamespace()
	switch {
	case clusterScoped[kind]:
		if namespace != "" || !strings.HasPrefix(name, "brokers-platform") {
			t.Errorf("%s: the %s is called %q, in namespace %q", file, kind, name, namespace)
		}
	case namespace == "c2c-cni": // the agents'
		if !strings.HasPrefix(name, "brokers-platform") {
			t.Errorf("%s: the %s is called %q", file, kind, name)
		}
	case namespace != "brokers" || !strings.HasPrefix(name, "platform"):
		t.Errorf("%s: the %s is called %s/%s", file, kind, namespace, name)
	}
	if object.GetLabels()["app.kubernetes.io/name"] != "cf-helm-broker" {
		t.Errorf("%s: the %s %s isn't labelled", file, kind, name)
	}
}

// checkReferences: what is bound is there, the pod has the volumes that it mounts, and no
// setting is there twice.
func checkReferences(t *testing.T, objects []runtime.Object) {
	t.Helper()
	there := map[string]bool{}
	for _, object := range objects {
		switch o := object.(type) {
		case *rbacv1.ClusterRole:
			there["ClusterRole "+o.Name] = true
		case *rbacv1.Role:
			there["Role "+o.Name] = true
		case *corev1.ServiceAccount:
			there["ServiceAccount "+o.Namespace+"/"+o.Name] = true
		}
	}
	want := func(what string) {
		if !there[what] {
			t.Errorf("there is no %s", what)
		}
	}
	for _, object := range objects {
		switch o := object.(type) {
		case *rbacv1.ClusterRoleBinding:
			want(o.RoleRef.Kind + " " + o.RoleRef.Name)
			want("ServiceAccount " + o.Subjects[0].Namespace + "/" + o.Subjects[0].Name)
		case *rbacv1.RoleBinding:
			want(o.RoleRef.Kind + " " + o.RoleRef.Name)
			want("ServiceAccount " + o.Subjects[0].Namespace + "/" + o.Subjects[0].Name)
		case *appsv1.Deployment:
			checkPod(t, o.Spec.Template.Spec)
			want("ServiceAccount " + o.Namespace + "/" + o.Spec.Template.Spec.ServiceAccountName)
		}
	}
}

func checkPod(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	volumes, paths, names := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, m := range pod.Containers[0].VolumeMounts {
		if !volumes[m.Name] || paths[m.MountPath] {
			t.Errorf("the mount at %s has no volume, or is there twice", m.MountPath)
		}
		paths[m.MountPath] = true
	}
	for _, e := range pod.Containers[0].Env {
		if names[e.Name] {
			t.Errorf("%s is set twice", e.Name)
		}
		names[e.Name] = true
	}
}

// all are the objects of files, those of kinds that Kubernetes itself has.
func all(t *testing.T, files map[string]string) (objects []runtime.Object) {
	t.Helper()
	for name, text := range files {
		for _, object := range decode(t, name, text) {
			if typed, err := scheme.Scheme.New(object.GroupVersionKind()); err == nil {
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
					t.Fatal(err)
				}
				objects = append(objects, typed)
			}
		}
	}
	return objects
}

// decode reads what a file renders, refusing fields that Kubernetes doesn't know.
func decode(t *testing.T, name, text string) (objects []*unstructured.Unstructured) {
	t.Helper()
	if !strings.HasSuffix(name, ".yaml") || strings.TrimSpace(text) == "" {
		return nil
	}
	strict := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, document)
		}
		if scheme.Scheme.Recognizes(object.GroupVersionKind()) {
			if _, _, err := strict.Decode(document, nil, nil); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
		}
		objects = append(objects, object)
	}
}
