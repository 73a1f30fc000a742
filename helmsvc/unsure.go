package helmsvc

import (
	"context"
	"regexp"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// unsure turns a refusal that may pass into an error that says so. An API
// server that has just started, or another than the one that was asked before,
// may not know yet what an instance may do. It is asked again: what it allows
// now, or if it allows the instance nothing at all, wasn't the last word.
func (c *Cluster) unsure(ctx context.Context, target Target, err error) error {
	if err == nil || !c.actsAsInstance(target) || ctx.Err() != nil {
		return err
	}
	lacked := instanceLacks.FindStringSubmatch(err.Error())
	if lacked == nil || lacked[1] != accountUser(target.Namespace) || lacked[5] != target.Namespace {
		return err
	}
	clients, clientErr := kubernetes.NewForConfig(c.asInstance(target.Namespace))
	if clientErr != nil {
		return err
	}
	may := func(verb, group, resource string) bool {
		asked := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: target.Namespace, Verb: verb, Group: group, Resource: resource},
		}}
		answer, askErr := clients.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, asked, metav1.CreateOptions{})
		return askErr == nil && answer.Status.Allowed
	}
	if may(lacked[2], lacked[4], lacked[3]) || !may("create", "", "secrets") {
		return apierrors.NewServiceUnavailable(err.Error())
	}
	return err
}

// instanceLacks matches Kubernetes' words for a right that a user doesn't have
// in a namespace. Helm keeps of some errors only the words.
var instanceLacks = regexp.MustCompile(`User "([^"]+)" cannot (\S+) resource "([^"/]+)[^"]*" in API group "([^"]*)" in the namespace "([^"]+)"`)
