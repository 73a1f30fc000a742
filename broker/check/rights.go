package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Roles are what an account has to be allowed.
type Roles struct {
	// Everywhere is allowed in all namespaces, and Within in the one that is named.
	Everywhere []rbacv1.PolicyRule
	Within     map[string][]rbacv1.PolicyRule
}

// asking is how many rights are asked for at a time.
const asking = 10

// rights asks the API server for each right: how the account has come by it doesn't
// matter.
func (c Cluster) rights(ctx context.Context) []Finding {
	wanted := c.Roles.each()
	allowed := make([]bool, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(asking)
	for n, attributes := range wanted {
		group.Go(func() error {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes}}
			answer, err := c.Clients.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
			if err == nil {
				allowed[n] = answer.Status.Allowed
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return one(unknown("they can't be asked for: %v", err).cure("look with kubectl auth can-i --list --as=…"))
	}
	return one(judgeRights(wanted, allowed))
}

func judgeRights(wanted []authorizationv1.ResourceAttributes, allowed []bool) Finding {
	missing := map[string][]string{}
	for n, attributes := range wanted {
		if !allowed[n] {
			where := describe(attributes)
			missing[where] = append(missing[where], attributes.Verb)
		}
	}
	if len(missing) == 0 {
		return ok("all %d that deploy/kubernetes gives", len(wanted))
	}
	var all []string
	for _, where := range slices.Sorted(maps.Keys(missing)) {
		all = append(all, strings.Join(missing[where], ", ")+" "+where)
	}
	return failed("it may not %s", strings.Join(all, "; ")).cure("apply the manifests of deploy/kubernetes of this very version, networkpolicy and nodes in it where the settings ask for them, or upgrade the chart's release")
}

// describe says what a right is of, without its verb: "secrets in namespace broker".
func describe(a authorizationv1.ResourceAttributes) string {
	words := a.Resource
	if a.Subresource != "" {
		words += "/" + a.Subresource
	}
	if a.Group != "" {
		words += "." + a.Group
	}
	if a.Name != "" {
		words += fmt.Sprintf(" %q", a.Name)
	}
	if a.Namespace != "" {
		words += " in namespace " + a.Namespace
	}
	return words
}

// each is every right by itself.
func (r Roles) each() []authorizationv1.ResourceAttributes {
	all := expand("", r.Everywhere)
	for _, namespace := range slices.Sorted(maps.Keys(r.Within)) {
		all = append(all, expand(namespace, r.Within[namespace])...)
	}
	return all
}

func expand(namespace string, rules []rbacv1.PolicyRule) (all []authorizationv1.ResourceAttributes) {
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				kind, part, _ := strings.Cut(resource, "/")
				of := authorizationv1.ResourceAttributes{Namespace: namespace, Group: group, Resource: kind, Subresource: part}
				all = append(all, named(of, rule)...)
			}
		}
	}
	return all
}

// named is the right for each verb, to each object that the rule names; to any if it names
// none.
func named(of authorizationv1.ResourceAttributes, rule rbacv1.PolicyRule) (all []authorizationv1.ResourceAttributes) {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	for _, of.Name = range names {
		for _, of.Verb = range rule.Verbs {
			all = append(all, of)
		}
	}
	return all
}
