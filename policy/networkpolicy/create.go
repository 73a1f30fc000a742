package networkpolicy

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// attempts are made at an object that others change meanwhile.
const attempts = 5

// Create makes one object after another. One that is refused, or whose ends can't be
// found, keeps none of the others from being made: they are many bindings' when a round
// puts them back. A cluster that fails otherwise is left alone for the rest.
func (e *Enforcer) Create(ctx context.Context, policies []policy.Policy) error {
	if err := policy.Validate(policies); err != nil {
		return err
	}
	w, _, err := e.wantedOf(ctx, policy.Unique(policies))
	failed, down := []error{err}, map[string]bool{}
	for _, o := range w.objects {
		if down[o.cluster] {
			continue
		}
		if err := o.ensure(ctx); err != nil {
			failed = append(failed, err)
			down[o.cluster] = !isRefusal(err)
		}
	}
	return errors.Join(failed...)
}

// isRefusal tells whether it is the request that is wrong, and not the server.
func isRefusal(err error) bool {
	var refused *policy.Error
	return errors.As(err, &refused) && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusTooManyRequests
}

// ensure makes the object, or makes it again what it should be.
func (o object) ensure(ctx context.Context) error {
	if len(o.spec.Ingress) > 0 && len(o.spec.Ingress[0].From) == 0 { // it would let everybody in
		return &policy.Error{
			Server: server, Status: http.StatusUnprocessableEntity, Message: "apps aren't pods of the cluster that namespace " + o.namespace + " is on",
			Fix: "set APP_CIDRS to where their packets come from",
		}
	}
	var err error
	for range attempts {
		if err = o.ensureOnce(ctx); !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) || o.isNowhere(err) {
			break
		}
	}
	return refused(err, "writing NetworkPolicy "+o.meta.Name, o.namespace)
}

func (o object) ensureOnce(ctx context.Context) error {
	_, err := o.api().Create(ctx, o.text(), metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	have, err := o.api().Get(ctx, o.meta.Name, metav1.GetOptions{})
	switch {
	case err != nil:
		return err
	case !made(have, o):
		return namesake(have)
	case have.DeletionTimestamp != nil:
		return apierrors.NewConflict(networkingv1.Resource("networkpolicies"), o.meta.Name, fmt.Errorf("it is being deleted: remove the finalizers %v", have.Finalizers))
	case o.trueOf(have):
		return nil
	}
	replaced := o.text()
	replaced.ResourceVersion, replaced.UID = have.ResourceVersion, have.UID
	_, err = o.api().Update(ctx, replaced, metav1.UpdateOptions{})
	return err
}

// isNowhere tells whether it is the namespace that wasn't found.
func (o object) isNowhere(err error) bool {
	status := apierrors.APIStatus(nil)
	return asStatus(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}

// namesake refuses to overwrite what somebody else has made.
func namesake(have *networkingv1.NetworkPolicy) error {
	return &policy.Error{
		Server: server, Status: http.StatusConflict,
		Message: fmt.Sprintf("there is a NetworkPolicy %s in namespace %s already, which the broker hasn't made", have.Name, have.Namespace),
		Fix:     "delete it, or give it another name",
	}
}
