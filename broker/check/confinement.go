package check

import (
	"context"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// foreign is a namespace of each cluster that is no instance's.
const foreign = metav1.NamespaceSystem

// confinement tries, as a dry run, what RBAC has to allow the broker and confine.yaml has
// to forbid: giving rights in a namespace that is no instance's.
func (c Cluster) confinement(ctx context.Context) []Finding {
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: tenant.InstanceAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: tenant.InstanceAccount, Namespace: foreign}},
	}
	_, err := c.Clients.RbacV1().RoleBindings(foreign).Create(ctx, binding, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return one(judgeConfinement(err))
}

func judgeConfinement(err error) Finding {
	switch {
	case err == nil, apierrors.IsAlreadyExists(err):
		return failed("this account may give rights in %s, and so become anyone", foreign).
			cure("apply deploy/kubernetes/confine.yaml with the account's and the prefix's names in it; if this isn't the broker's account, run the check as that")
	case strings.Contains(err.Error(), "ValidatingAdmissionPolicy"): // as Forbidden or Invalid, by what the policy says
		return ok("a write to %s is refused by a ValidatingAdmissionPolicy", foreign)
	case !apierrors.IsForbidden(err):
		return unknown("it can't be tried: %v", err)
	}
	return unknown("this account has no right that could be confined: %v", err).cure("apply deploy/kubernetes/rbac.yaml, and check again")
}
