package networkpolicy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

const server = "the Kubernetes API"

// refused makes an answer of the API server that refuses a request a policy.Error,
// and leaves in any other what the connection said.
func refused(err error, doing, namespace string) error {
	if err == nil {
		return nil
	}
	if namespace != "" {
		doing += " in namespace " + namespace
	}
	var already *policy.Error
	var status apierrors.APIStatus
	if errors.As(err, &already) || !asStatus(err, &status) || status.Status().Code == 0 {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w", doing, &policy.Error{
		Server: server, Status: int(status.Status().Code), Message: status.Status().Message, Fix: fix(err, status.Status().Message, namespace),
	})
}

func asStatus(err error, into *apierrors.APIStatus) bool { return errors.As(err, into) }

// rights is what the broker needs.
const rights = "give the broker's account the rights of deploy/kubernetes/networkpolicy"

func fix(err error, message, namespace string) string {
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return "wait until namespace " + namespace + " is gone"
	case strings.Contains(message, "exceeded quota"):
		return "have the quota of namespace " + namespace + " raised"
	case strings.Contains(message, "admission webhook") || strings.Contains(message, "ValidatingAdmissionPolicy"):
		return "what refuses it is the cluster's own; " + rights + ", and ask whoever runs the cluster"
	case apierrors.IsForbidden(err) && namespace == "":
		return rights + ": it may not list NetworkPolicies"
	case apierrors.IsForbidden(err):
		return rights + ": it has none to write NetworkPolicies in namespace " + namespace
	case apierrors.IsUnauthorized(err):
		return "give the broker credentials of the cluster that are valid"
	case apierrors.IsNotFound(err) && namespace != "":
		return "is the namespace " + namespace + " there? Where apps' pods are is a setting"
	case apierrors.IsConflict(err):
		return "somebody else changes it again and again"
	case statusOf(err) >= http.StatusInternalServerError:
		return "see the log of the API server and its webhooks, and try again"
	}
	return ""
}

func statusOf(err error) int32 {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return 0
	}
	return status.Status().Code
}
