package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestFullNamespace fills an instance's namespace with Secrets, as whoever acts
// as the instance can: binds say what is too much, others' go on, and the
// instance is deleted.
func TestFullNamespace(t *testing.T) {
	f := newFoundation(t, "charts-greedy", nil)
	f.within()
	i, other := f.create("tenant", "open", nil), f.create("tenant", "open", nil)
	for n := range 25 { // read whole, they would take half a gigabyte and more; the API server needs minutes to delete many more on a busy machine
		f.secret(f.namespace(i), corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("large-%d", n)}, Data: map[string][]byte{"k": make([]byte, 1000<<10)},
		})
	}
	var all sync.WaitGroup
	for range 4 {
		app := f.app()
		all.Go(func() {
			answer, err := f.Bind(t.Context(), i, uuid.NewString(), app)
			if err != nil || answer.Status != 422 || !strings.Contains(answer.Description(), "more than 4 MB of secrets") {
				t.Errorf("the bind is answered %d %s, %v", answer.Status, answer.Body, err)
			}
		})
	}
	all.Wait()
	binding := uuid.NewString()
	f.want(201)(f.Bind(t.Context(), other, binding, f.app()))
	f.delete(i)
	f.secret(f.namespace(other), corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "long"}, Data: map[string][]byte{"k": make([]byte, 600<<10)}})
	answer := f.want(422)(f.Bind(t.Context(), other, uuid.NewString(), f.app()))
	if !strings.Contains(answer.Description(), "a bind.yaml in the chart chooses") {
		t.Errorf("the bind is answered %s", answer.Body)
	}
	f.wantAlive()
}

// TestForgedReleases puts records of releases that are long when they are
// unpacked beside an instance's own: it is updated, bound and deleted.
func TestForgedReleases(t *testing.T) {
	f := newFoundation(t, "charts-greedy", nil)
	f.within()
	i := f.create("tenant", "open", nil)
	own, err := kube.CoreV1().Secrets(f.namespace(i)).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	f.must(err)
	name := own.Items[0].Labels["name"]
	text := longRecord(t, name, f.namespace(i))
	for n := range 20 {
		f.secret(f.namespace(i), corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Name:   fmt.Sprintf("sh.helm.release.v1.%s.v%d", name, n+10),
				Labels: map[string]string{"owner": "helm", "name": name, "version": fmt.Sprint(n + 10), "status": "deployed"},
			},
			Type: "helm.sh/release.v1", Data: map[string][]byte{"release": text},
		})
	}
	f.ready(i, f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"ports": 2}})).Operation())
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.delete(i)
	f.wantAlive()
}

// longRecord is one of 31 MiB that Helm would read.
func longRecord(t *testing.T, name, namespace string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := fmt.Fprintf(w, `{"name":%q,"namespace":%q,"version":10,"info":{"status":"deployed"},"chart":{"metadata":{"name":"c"}},"manifest":%q}`,
		name, namespace, strings.Repeat(" ", 31<<20))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(base64.StdEncoding.EncodeToString(packed.Bytes()))
}

func (f *foundation) secret(namespace string, secret corev1.Secret) {
	f.t.Helper()
	_, err := kube.CoreV1().Secrets(namespace).Create(f.t.Context(), &secret, metav1.CreateOptions{})
	f.must(err)
}

// TestManyPorts binds to pods that declare thousands of ports: no app's policy
// is made, and the answer says how to narrow them.
func TestManyPorts(t *testing.T) {
	f := newFoundation(t, "charts-greedy", nil)
	f.within()
	for _, ports := range []int{2000, 5000} {
		i, app := f.create("tenant", "open", map[string]any{"ports": ports}), f.app()
		answer := f.want(422)(f.Bind(t.Context(), i, uuid.NewString(), app))
		if !strings.Contains(answer.Description(), fmt.Sprintf("may have 100 policies and would have %d", ports)) || !strings.Contains(answer.Description(), "1000/tcp, 1002/tcp") {
			t.Errorf("the bind is answered %s", answer.Body)
		}
		for _, p := range f.cf.Policies() {
			if p.Source.ID == app {
				t.Errorf("there is the policy %+v", p)
			}
		}
		f.delete(i)
	}
	f.wantAlive()
}
