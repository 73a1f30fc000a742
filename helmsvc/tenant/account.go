package tenant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// InstanceAccount is the ServiceAccount of an instance's namespace as which the
// instance's chart is installed. It is bound to the ClusterRole admin there,
// under its own name, and to nothing else.
const InstanceAccount = "cf-helm-broker-instance"

// instanceRole is the ClusterRole that an instance has in its namespace.
const instanceRole = "admin"

// Impersonates tells whether Helm acts as the instance.
func (n *Namespaces) Impersonates() bool { return n.settings.Impersonate }

// ActsAsInstance tells whether what is done at the target is done as the instance.
func (n *Namespaces) ActsAsInstance(target Target) bool {
	return n.settings.Impersonate && !target.Operator
}

// As is the configuration by which the target's requests are made.
func (n *Namespaces) As(target Target) *rest.Config {
	if n.ActsAsInstance(target) {
		return AsInstance(n.config, target.Namespace)
	}
	return n.config
}

// AsInstance is the configuration by which requests are those of the instance
// in the namespace: what is in there, the broker may read as that instance only.
func AsInstance(config *rest.Config, namespace string) *rest.Config {
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{UserName: accountUser(namespace)}
	return as
}

// Keeping is the configuration by which an instance writes its release's records:
// own-objects.yaml lets nobody else do that who only acts as the instance.
func Keeping(as *rest.Config) *rest.Config {
	if as.Impersonate.UserName == "" {
		return as
	}
	as = rest.CopyConfig(as)
	as.Impersonate.Extra = map[string][]string{"cf-helm-broker": {"records"}}
	return as
}

func accountUser(namespace string) string {
	return "system:serviceaccount:" + namespace + ":" + InstanceAccount
}

// makeAccount makes the ServiceAccount of an instance's own namespace and gives
// it its rights. They take a moment to count, so they are asked for at once.
func (n *Namespaces) makeAccount(ctx context.Context, namespace string) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		mount := false
		account := &corev1.ServiceAccount{ObjectMeta: accountMeta(), AutomountServiceAccountToken: &mount}
		_, err := n.clients.CoreV1().ServiceAccounts(namespace).Create(ctx, account, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return doing(err, "creating the ServiceAccount "+InstanceAccount+" of namespace %s", namespace)
	})
	all.Go(func() error {
		return doing(n.bindAccount(ctx, namespace), "binding the ServiceAccount "+InstanceAccount+" to the ClusterRole "+instanceRole+" in namespace %s", namespace)
	})
	return all.Wait()
}

// ensureAccount is makeAccount where it isn't known yet whose namespace it is.
func (n *Namespaces) ensureAccount(ctx context.Context, target Target) error {
	if err := n.CheckOwn(ctx, target); err != nil {
		return err
	}
	return n.makeAccount(ctx, target.Namespace)
}

// RepairAccount makes an instance's account what it is to be, whatever the
// instance has made of it. Where there is nothing to repair it in, or no right to,
// what comes next will tell.
func (n *Namespaces) RepairAccount(ctx context.Context, target Target) error {
	if !n.ActsAsInstance(target) {
		return nil
	}
	if err := n.ensureAccount(ctx, target); err != nil && !isGoing(err) && !apierrors.IsForbidden(err) {
		return err
	}
	return nil
}

func accountMeta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: InstanceAccount, Labels: map[string]string{"app.kubernetes.io/managed-by": "cf-helm-broker"}}
}

// bindAccount makes the RoleBinding. One that somebody has changed is made
// anew: its role can't be changed.
func (n *Namespaces) bindAccount(ctx context.Context, namespace string) error {
	want := &rbacv1.RoleBinding{
		ObjectMeta: accountMeta(),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: instanceRole},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: InstanceAccount}},
	}
	bindings := n.clients.RbacV1().RoleBindings(namespace)
	_, err := bindings.Create(ctx, want, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	have, err := bindings.Get(ctx, want.Name, metav1.GetOptions{})
	if err != nil || have.RoleRef == want.RoleRef && slices.Equal(have.Subjects, want.Subjects) {
		return err
	}
	if err := n.freeBinding(ctx, namespace); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return err
	}
	if err := bindings.Delete(ctx, want.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	_, err = bindings.Create(ctx, want, metav1.CreateOptions{})
	return err
}

// freeBinding takes finalizers off the RoleBinding of an instance's account: it
// is the broker's own, and any that it has keep it from being made anew, and the
// namespace from being deleted.
func (n *Namespaces) freeBinding(ctx context.Context, namespace string) error {
	free := []byte(`{"metadata":{"finalizers":null}}`)
	_, err := n.clients.RbacV1().RoleBindings(namespace).Patch(ctx, InstanceAccount, types.MergePatchType, free, metav1.PatchOptions{})
	return err
}

const (
	// accountPatience is how long a new RoleBinding may take to count.
	accountPatience = 30 * time.Second
	accountRetry    = 10 * time.Millisecond
)

// errPowerless says that the API server still doesn't let an instance do what
// its role allows.
var errPowerless = errors.New("it has no rights there; see that the ClusterRole " + instanceRole + " is as Kubernetes makes it")

// AwaitAccount returns when the target's instance may act, if it is it that acts.
// ErrGone says that its namespace is gone or going.
func (n *Namespaces) AwaitAccount(ctx context.Context, target Target) error {
	if !n.ActsAsInstance(target) {
		return nil
	}
	err := n.awaitRights(ctx, target)
	if isGoing(err) {
		return ErrGone
	}
	return err
}

// awaitRights returns when the instance may act in its namespace. Where its
// account is missing, in a namespace from before there were any, say, or after
// somebody has deleted it, it is made. It asks again and again, since what the
// API server's authorizer has seen can't be watched.
func (n *Namespaces) awaitRights(ctx context.Context, target Target) error {
	namespace := target.Namespace
	// With all that it is going to be: a broker that lacks rights of its own is told here.
	clients, err := kubernetes.NewForConfig(Keeping(AsInstance(n.config, namespace)))
	if err != nil {
		return fmt.Errorf("building the instance's Kubernetes client: %w", err)
	}
	allowed, err := mayAct(ctx, clients, namespace)
	if allowed || err != nil && !apierrors.IsForbidden(err) {
		return err
	}
	if err := n.ensureAccount(ctx, target); err != nil {
		return err
	}
	// An API server that has just started may not know what the broker itself may do.
	var refused error
	err = fair.Aside(ctx, func(ctx context.Context) error {
		return wait.PollUntilContextTimeout(ctx, accountRetry, accountPatience, true, func(ctx context.Context) (bool, error) {
			allowed, err := mayAct(ctx, clients, namespace)
			if refused = err; apierrors.IsForbidden(err) {
				return false, nil
			}
			return allowed, err
		})
	})
	switch {
	case refused != nil && ctx.Err() == nil:
		return refused
	case ctx.Err() != nil:
		return fmt.Errorf("waiting for the rights of the ServiceAccount %s in namespace %s: %w", InstanceAccount, namespace, context.Cause(ctx))
	case wait.Interrupted(err):
		return fmt.Errorf("acting as the ServiceAccount %s of namespace %s: %w", InstanceAccount, namespace, errPowerless)
	}
	return err
}

// mayAct asks in the instance's own name whether it has its rights.
func mayAct(ctx context.Context, instance kubernetes.Interface, namespace string) (bool, error) {
	allowed, err := may(ctx, instance, acting(namespace))
	if apierrors.IsForbidden(err) {
		return false, fmt.Errorf("acting as the ServiceAccount %s of namespace %s; give the broker the rights of the deploy/kubernetes/rbac.yaml that came with it: %w", InstanceAccount, namespace, err)
	}
	if err != nil {
		return false, fmt.Errorf("asking for the rights of the ServiceAccount %s of namespace %s: %w", InstanceAccount, namespace, err)
	}
	return allowed, nil
}

// doing says what failed, if anything did.
func doing(err error, what, where string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(what+": %w", where, err)
}
