package tenant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

const (
	// aggregationPatience is how long Kubernetes may take to add an operator's
	// ClusterRoles to the role that instances have.
	aggregationPatience = 10 * time.Second
	aggregationRetry    = 50 * time.Millisecond
)

// AwaitAggregation returns when instances have the rights that an operator's
// manifest adds to theirs. Without it the first services after the operator
// would be refused its custom resources.
func (n *Namespaces) AwaitAggregation(ctx context.Context, text string) error {
	added, err := aggregated(text)
	if len(added) == 0 || err != nil {
		return err
	}
	err = wait.PollUntilContextTimeout(ctx, aggregationRetry, aggregationPatience, true, func(ctx context.Context) (bool, error) {
		role, err := n.clients.RbacV1().ClusterRoles().Get(ctx, instanceRole, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		missing := func(rule rbacv1.PolicyRule) bool {
			return !slices.ContainsFunc(role.Rules, func(have rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(have, rule) })
		}
		return !slices.ContainsFunc(added, missing), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the ClusterRole %s to get the rights that the chart adds to it: %w", instanceRole, err)
	}
	return nil
}

// aggregated are the rules of a manifest's ClusterRoles that are to be added to
// the role of instances.
func aggregated(text string) ([]rbacv1.PolicyRule, error) {
	objects, err := manifest.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("reading what the chart made: %w", err)
	}
	return aggregatedBy(objects)
}

// aggregatedBy are those of the ClusterRoles among the objects.
func aggregatedBy(objects []*unstructured.Unstructured) ([]rbacv1.PolicyRule, error) {
	var rules []rbacv1.PolicyRule
	for _, object := range objects {
		added := func(to string) bool {
			return object.GetLabels()["rbac.authorization.k8s.io/aggregate-to-"+to] == "true"
		}
		if object.GetKind() != "ClusterRole" || !strings.HasPrefix(object.GetAPIVersion(), rbacv1.GroupName) || !slices.ContainsFunc([]string{"admin", "edit", "view"}, added) {
			continue
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			return nil, fmt.Errorf("reading the ClusterRole %s: %w", object.GetName(), err)
		}
		rules = append(rules, role.Rules...)
	}
	return rules, nil
}
