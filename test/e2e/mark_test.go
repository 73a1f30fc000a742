package e2e

import (
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestMarks: each bind and unbind that changes policies marks the instance's
// namespace, after it has, and so does what puts back lost ones; a service key marks nothing, and a namespace that isn't
// the instance's isn't touched.
func TestMarks(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_RESYNC": "500ms"})
	i := f.create("pair", "both", nil)
	name := f.namespace(i)
	mark := func() string {
		ns, err := kube.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
		f.must(err)
		return ns.Annotations[podgroup.MarkAnnotation]
	}
	made := mark()
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), ""))
	if got := mark(); got != made {
		t.Errorf("a service key has marked the namespace: %q", got)
	}
	app, binding := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, app))
	bound := mark()
	if bound == made || bound == "" {
		t.Errorf("the bind's mark is %q, and was %q", bound, made)
	}
	f.want(200)(f.Bind(t.Context(), i, binding, app))
	if got := mark(); got != bound {
		t.Errorf("a bind that changes nothing has marked the namespace: %q", got)
	}
	if lost, err := f.cf.Cleanup(); err != nil || len(lost) == 0 {
		t.Fatalf("the cleanup has deleted %v: %v", lost, err)
	}
	f.eventually("the namespace is marked when the policies are back", func() bool { return len(f.cf.Policies()) > 0 && mark() != bound })
	healed := mark()
	f.want(200)(f.Unbind(t.Context(), i, binding))
	unbound := mark()
	if unbound == healed {
		t.Errorf("the unbind's mark is that from before, %q", healed)
	}
	ns, err := kube.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
	f.must(err)
	ns.Annotations["cf-helm-broker.io/instance-id"] = uuid.NewString()
	_, err = kube.CoreV1().Namespaces().Update(t.Context(), ns, metav1.UpdateOptions{})
	f.must(err)
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	if got := mark(); got != unbound {
		t.Errorf("a namespace that isn't the instance's is marked: %q", got)
	}
}
