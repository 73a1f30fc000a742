package podgroup

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	instance = "0a1b2c3d-0000-4000-8000-000000000001"
	space    = "0a1b2c3d-0000-4000-8000-000000000002"
	victim   = "0a1b2c3d-0000-4000-8000-000000000003" // another tenant's app
)

func owned(kind, name, hash, says string) *metav1.ObjectMeta {
	yes := true
	pod := &metav1.ObjectMeta{Name: "web-7d9-abc", Annotations: map[string]string{Annotation: says}}
	if kind != "" {
		pod.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: &yes}}
	}
	if hash != "" {
		pod.Labels = map[string]string{deploymentHash: hash}
	}
	return pod
}

// TestOf: a pod is in the group of its namespace, or in its own workload's, and in
// nobody else's, whatever it says.
func TestOf(t *testing.T) {
	web := OfWorkload(instance, "Deployment", "web")
	of := func(group, mode string) *metav1.ObjectMeta {
		return &metav1.ObjectMeta{Name: "ns", Annotations: map[string]string{Annotation: group}, Labels: map[string]string{DestinationLabel: mode, SpaceLabel: space}}
	}
	for name, c := range map[string]struct {
		pod, namespace *metav1.ObjectMeta
		want           string
	}{
		"the namespace's":                  {owned("", "", "", ""), of(instance, "instance"), instance},
		"an app's, claimed":                {owned("", "", "", victim), of(instance, "instance"), instance},
		"an app's, claimed, workload":      {owned("ReplicaSet", "web-7d9", "7d9", victim), of(instance, ByWorkload), instance},
		"its workload's":                   {owned("ReplicaSet", "web-7d9", "7d9", web), of(instance, ByWorkload), web},
		"its workload's, where none count": {owned("ReplicaSet", "web-7d9", "7d9", web), of(instance, "app"), instance},
		"another workload's":               {owned("ReplicaSet", "db-7d9", "7d9", web), of(instance, ByWorkload), instance},
		"a StatefulSet's":                  {owned("StatefulSet", "db", "", OfWorkload(instance, "StatefulSet", "db")), of(instance, ByWorkload), OfWorkload(instance, "StatefulSet", "db")},
		"a bare pod's":                     {owned("", "", "", OfWorkload(instance, "Pod", "web-7d9-abc")), of(instance, ByWorkload), OfWorkload(instance, "Pod", "web-7d9-abc")},
		"of a namespace without":           {owned("", "", "", victim), of("", ByWorkload), ""},
	} {
		got, err := Of(c.pod, c.namespace)
		if err != nil || got.Group != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got.Group, err, c.want)
		}
		if c.want != "" && got.Space != space {
			t.Errorf("%s: the space is %q", name, got.Space)
		}
	}
}

// TestOfNoGroup: what isn't a UUID goes no further, and the message says where it
// stands.
func TestOfNoGroup(t *testing.T) {
	for _, group := range []string{"db", "{0a1b2c3d-0000-4000-8000-000000000001}", "urn:uuid:0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d000040008000000000000001", instance + "\n", strings.Repeat("x", 4000)} {
		namespace := &metav1.ObjectMeta{Name: "ns", Annotations: map[string]string{Annotation: group}}
		_, err := Of(&metav1.ObjectMeta{Name: "p"}, namespace)
		if err == nil || !strings.Contains(err.Error(), "namespace ns") || len(err.Error()) > 400 {
			t.Errorf("%.50q: %v", group, err)
		}
	}
	got, err := Of(&metav1.ObjectMeta{}, &metav1.ObjectMeta{Annotations: map[string]string{Annotation: instance}, Labels: map[string]string{SpaceLabel: "my-space"}})
	if err != nil || got.Space != "" {
		t.Errorf("a space that is no GUID goes on: %+v, %v", got, err)
	}
}
