package e2e

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestTakenNamespaces has the namespaces that instances would have be somebody
// else's: they live in others then, and nobody's is touched.
func TestTakenNamespaces(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	t.Run("a stranger's", func(t *testing.T) { f.of(t).strangersNamespace() })
	t.Run("both a stranger's", func(t *testing.T) { f.of(t).strangersNamespaces() })
	t.Run("another instance's", func(t *testing.T) { f.of(t).twins() })
	t.Run("at once", func(t *testing.T) { f.of(t).twinsAtOnce() })
}

// of is the foundation for a part of a test.
func (f *foundation) of(t *testing.T) *foundation {
	part := *f
	part.t = t
	return &part
}

// homes are the namespaces that bear the instance's id.
func (f *foundation) homes(i rig.Instance) (names []string) {
	f.t.Helper()
	list, err := kube.CoreV1().Namespaces().List(f.t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/instance-id=" + i.ID})
	f.must(err)
	for _, n := range list.Items {
		names = append(names, n.Name)
	}
	return names
}

func (f *foundation) wantHome(i rig.Instance, want ...string) {
	f.t.Helper()
	if have := strings.Join(f.homes(i), " "); have != strings.Join(want, " ") {
		f.t.Errorf("the instance lives in %q, want %q", have, want)
	}
}

func (f *foundation) long(i rig.Instance) string {
	return tenant.LongNamespace(f.settings["NAMESPACE_PREFIX"], i.ID)
}

// twin is another instance whose namespace would have the same name.
func (f *foundation) twin(i rig.Instance) rig.Instance {
	twin := i
	twin.ID = i.ID[:8] + uuid.NewString()[8:]
	return twin
}

func (f *foundation) stranger(name string) {
	f.t.Helper()
	_, err := kube.CoreV1().Namespaces().Create(f.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	f.must(err)
}

// untouched fails unless the stranger's namespace is as it was.
func (f *foundation) untouched(name string) {
	f.t.Helper()
	left, err := kube.CoreV1().Namespaces().Get(f.t.Context(), name, metav1.GetOptions{})
	if err != nil || left.DeletionTimestamp != nil || len(left.Annotations) > 0 {
		f.t.Errorf("the stranger's namespace is %+v, %v", left, err)
	}
	accounts, err := kube.CoreV1().ServiceAccounts(name).List(f.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + tenant.InstanceAccount})
	f.must(err)
	bindings, err := kube.RbacV1().RoleBindings(name).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	if len(accounts.Items)+len(bindings.Items) > 0 {
		f.t.Errorf("accounts %v and bindings %v were made there", accounts.Items, bindings.Items)
	}
}

// strangersNamespace makes, binds and deletes an instance beside it; the delete has no
// record to go by.
func (f *foundation) strangersNamespace() {
	i := f.instance("fixture", "plain")
	f.stranger(f.namespace(i))
	f.ready(i, f.want(202)(f.Provision(f.t.Context(), i, nil)).Operation())
	f.wantHome(i, f.long(i))
	f.want(201)(f.Bind(f.t.Context(), i, uuid.NewString(), f.app()))
	f.update(i, map[string]any{"parameters": map[string]any{"number": 2}})
	f.wantHome(i, f.long(i))
	f.must(kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).Delete(f.t.Context(), "instance."+i.ID, metav1.DeleteOptions{}))
	f.goes(i)
	f.wantHome(i)
	f.untouched(f.namespace(i))
}

// strangersNamespaces leave no name for the instance: its create fails, and it can be
// deleted.
func (f *foundation) strangersNamespaces() {
	i := f.instance("fixture", "plain")
	for _, name := range []string{f.namespace(i), f.long(i)} {
		f.stranger(name)
	}
	o := f.ended(i, f.want(202)(f.Provision(f.t.Context(), i, nil)).Operation())
	if o.State != "failed" || !strings.Contains(o.Description, "exists already and was not made for this service instance") {
		f.t.Errorf("the create ended as %+v", o)
	}
	f.goes(i)
	for _, name := range []string{f.namespace(i), f.long(i)} {
		f.untouched(name)
	}
}

// twins live, and are deleted, beside each other.
func (f *foundation) twins() {
	first := f.create("fixture", "plain", nil)
	second := f.twin(first)
	f.ready(second, f.want(202)(f.Provision(f.t.Context(), second, nil)).Operation())
	f.wantHome(first, f.namespace(first))
	f.wantHome(second, f.long(second))
	f.goes(first)
	f.wantHome(first)
	f.wantHome(second, f.long(second))
	f.want(201)(f.Bind(f.t.Context(), second, uuid.NewString(), f.app()))
	third := f.twin(first)
	f.ready(third, f.want(202)(f.Provision(f.t.Context(), third, nil)).Operation())
	f.wantHome(third, f.namespace(third)) // it is free again
	f.goes(second)
	f.goes(third)
	f.wantHome(second)
	f.wantHome(third)
}

// twinsAtOnce are made at the same time: one has the short name.
func (f *foundation) twinsAtOnce() {
	i := f.instance("fixture", "plain")
	twin := f.twin(i)
	answers := make(chan func(), 2)
	for _, one := range []rig.Instance{i, twin} {
		go func() {
			answer, err := f.Provision(f.t.Context(), one, nil)
			answers <- func() { f.ready(one, f.want(202)(answer, err).Operation()) }
		}()
	}
	(<-answers)()
	(<-answers)()
	short := f.namespace(i)
	if have := append(f.homes(i), f.homes(twin)...); len(have) != 2 || (have[0] == short) == (have[1] == short) {
		f.t.Errorf("they live in %q, want %q and another", have, short)
	}
	f.goes(i)
	f.goes(twin)
	f.wantHome(i)
	f.wantHome(twin)
}

// goes deprovisions the instance and waits until it is gone.
func (f *foundation) goes(i rig.Instance) {
	f.t.Helper()
	if o := f.ended(i, f.want(202)(f.Deprovision(f.t.Context(), i)).Operation()); o.State != "gone" {
		f.t.Errorf("the delete ended as %+v", o)
	}
}
