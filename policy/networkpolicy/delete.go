package networkpolicy

import (
	"context"
	"errors"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Delete deletes what there is of the policies, wherever it is, and in every cluster that
// answers. What has lost its labels is found where it should be.
func (e *Enforcer) Delete(ctx context.Context, policies []policy.Policy) error {
	if len(policies) == 0 {
		return nil
	}
	w, _, lost := e.wantedOf(ctx, policies)
	have, unlisted := e.list(ctx, w, policies)
	failed := []error{lost, unlisted, e.addUnmarked(ctx, w, have)}
	closed := map[string]bool{}
	for _, p := range policies {
		key := e.keyOf(p)
		closed[nameOf(key, egress)], closed[nameOf(key, ingress)] = true, true
	}
	for cluster, found := range have {
		for _, object := range found {
			if !closed[object.Name] {
				continue
			}
			failed = append(failed, remove(ctx, w.clusters[cluster], object))
		}
	}
	return errors.Join(failed...)
}

// addUnmarked adds what is where it should be, and isn't listed.
func (e *Enforcer) addUnmarked(ctx context.Context, w wanted, have there) error {
	for _, o := range w.objects {
		listed, answers := have[o.cluster]
		if !answers || listed[o.where()] != nil {
			continue
		}
		found, err := o.api().Get(ctx, o.meta.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return refused(err, "reading NetworkPolicy "+o.meta.Name, o.namespace)
		case made(found, o):
			have[o.cluster][o.where()] = found
		}
	}
	return nil
}

func remove(ctx context.Context, clients kubernetes.Interface, object *networkingv1.NetworkPolicy) error {
	only := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(object.UID))}
	err := clients.NetworkingV1().NetworkPolicies(object.Namespace).Delete(ctx, object.Name, only)
	// A conflict: it is another by now, which somebody has made since.
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return refused(err, "deleting NetworkPolicy "+object.Name, object.Namespace)
}
