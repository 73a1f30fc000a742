package tenant

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// right is what somebody may do in a namespace, or, without one, in the cluster.
type right struct {
	user, namespace, verb, group, resource string
}

// acting is a right that each instance has in its namespace.
func acting(namespace string) right {
	return right{namespace: namespace, verb: "create", resource: "secrets"}
}

// lacking matches Kubernetes' words for a right that a user doesn't have. Helm
// keeps of some errors only the words, so they are all that can be gone by.
var lacking = regexp.MustCompile(`User "([^"]+)" cannot (\S+) resource "([^"]+)" in API group "([^"]*)" (?:at the cluster scope|in the namespace "([^"]*)")`)

// lackedIn is the right that an error says is lacking.
func lackedIn(err error) (lacked right, found bool) {
	m := lacking.FindStringSubmatch(err.Error())
	if m == nil {
		return right{}, false
	}
	return right{user: m[1], verb: m[2], resource: m[3], group: m[4], namespace: m[5]}, true
}

// may asks in somebody's own name for a right.
func may(ctx context.Context, as kubernetes.Interface, r right) (bool, error) {
	resource, _, _ := strings.Cut(r.resource, "/")
	asked := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: r.namespace, Verb: r.verb, Group: r.group, Resource: resource},
	}}
	answer, err := as.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, asked, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}

// Unsure turns a refusal that may pass into a RetryableError. An API server that
// has just started, or another than the one that was asked before, may not know
// yet what an instance may do. It is asked again: what it allows now, or if it
// allows the instance nothing at all, wasn't the last word.
func (n *Namespaces) Unsure(ctx context.Context, target Target, err error) error {
	if err == nil || !n.ActsAsInstance(target) || ctx.Err() != nil {
		return err
	}
	lacked, found := lackedIn(err)
	if !found || lacked.user != accountUser(target.Namespace) || lacked.namespace != target.Namespace {
		return err
	}
	clients, clientErr := kubernetes.NewForConfig(n.As(target))
	if clientErr != nil {
		return err
	}
	stands := func(r right) bool {
		allowed, askErr := may(ctx, clients, r)
		return askErr == nil && allowed
	}
	if stands(lacked) || !stands(acting(target.Namespace)) {
		return &RetryableError{Why: err.Error()}
	}
	return err
}

// Explained adds to what Kubernetes says of a right that the instance lacks where
// the right could come from, and likewise to what it says of a pod that isn't
// allowed.
func (n *Namespaces) Explained(target Target, err error) error {
	if advice := strings.TrimPrefix(manifest.ExplainPodSecurity(err.Error()), err.Error()); advice != "" {
		return fmt.Errorf("%w%s", err, advice)
	}
	if !n.ActsAsInstance(target) || !strings.Contains(err.Error(), accountUser(target.Namespace)) {
		return err
	}
	const grant = "whoever runs the cluster can add it by a ClusterRole with the label rbac.authorization.k8s.io/aggregate-to-admin=true"
	if strings.Contains(err.Error(), "is attempting to grant RBAC permissions not currently held") {
		return fmt.Errorf("%w; a chart's roles can't grant more than the role %s allows in the service instance's namespace; %s", err, instanceRole, grant)
	}
	lacked, found := lackedIn(err)
	switch {
	case !found:
		return err
	case lacked.namespace == target.Namespace:
		return fmt.Errorf("%w; %s aren't among what the role %s allows, with which a chart acts in its service instance's namespace; %s", err, lacked.resource, instanceRole, grant+ruleFor(lacked))
	}
	return fmt.Errorf("%w; a chart, and what its templates look up, is confined to its service instance's namespace", err)
}

// ruleFor is the rule that grants a custom resource.
func ruleFor(lacked right) string {
	if !strings.Contains(lacked.group, ".") || strings.HasSuffix(lacked.group, ".k8s.io") {
		return ""
	}
	resource, _, _ := strings.Cut(lacked.resource, "/")
	return fmt.Sprintf(" and the rule {apiGroups: [%s], resources: [%s], verbs: [%s]}; for an operator that the broker installs (OPERATOR_DIR) the setting GRANT_OPERATOR_KINDS=true does",
		lacked.group, resource, strings.Join(kindVerbs(), ", "))
}
