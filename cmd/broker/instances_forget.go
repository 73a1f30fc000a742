package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
)

// errNotSure says that --yes wasn't given.
var errNotSure = errors.New("nothing was done; the broker will know nothing of all this any more, so give --yes if it is to be left behind")

func forgetInstance(ctx context.Context, inspector *inspect.Inspector, a instancesArguments, stdout io.Writer) error {
	if !a.yes {
		left, err := inspector.Leaves(ctx, a.id)
		if err != nil {
			return err
		}
		return errors.Join(printLeftover(stdout, "what would be left behind:", left), errNotSure)
	}
	left, err := inspector.Forget(ctx, a.id)
	if err != nil {
		return err
	}
	return printLeftover(stdout, "the instance is forgotten; what is left behind:", left)
}

// printLeftover says how to delete by hand what may be there.
func printLeftover(stdout io.Writer, heading string, left inspect.Leftover) error {
	var text strings.Builder
	fmt.Fprintln(&text, heading)
	if left.Namespace != "" {
		fmt.Fprintf(&text, "  namespace %s with the release %s and all that it holds, %s\n", left.Namespace, left.Release, where(left))
	}
	for _, d := range left.Damaged {
		fmt.Fprintf(&text, "  Secret %s of a binding, which %s; what it opened isn't known\n", d.Secret, oneLine(d.Reason))
	}
	for _, p := range left.Policies {
		fmt.Fprintf(&text, "  policy from %s\n", describePolicy(p))
	}
	for _, name := range left.CredHub {
		fmt.Fprintf(&text, "  credentials in CredHub, deleted with: credhub delete -n %s\n", name)
	}
	if left.Placeholder != "" {
		fmt.Fprintf(&text, "  the placeholder app, deleted with: cf curl -X DELETE /v3/apps/%s\n", left.Placeholder)
	}
	if err := printAccessDelete(&text, left); err != nil {
		return err
	}
	_, err := io.WriteString(stdout, text.String())
	return err
}

func where(left inspect.Leftover) string {
	if left.Cluster == "" {
		return "on the broker's cluster"
	}
	return "on the plan's own cluster " + left.Cluster
}

// printAccessDelete prints what deletes the policies, on each network that may have them.
func printAccessDelete(text *strings.Builder, left inspect.Leftover) error {
	if len(left.Policies) == 0 {
		return nil
	}
	groups := policy.Groups(left.Policies)
	if slices.Contains(left.Networks, policy.C2C) {
		body, err := json.Marshal(map[string]any{"policies": left.Policies})
		if err != nil {
			return fmt.Errorf("printing the policies: %w", err)
		}
		fmt.Fprintf(text, "the policies are deleted with:\n  cf curl -X POST /networking/v1/external/policies/delete -d '%s'\n", body)
	}
	if slices.Contains(left.Networks, policy.NetworkPolicy) {
		fmt.Fprintf(text, "NetworkPolicies in the apps' namespace are those whose annotation %s names %s\n", networkpolicy.PolicyAnnotation, strings.Join(groups, " or "))
	}
	if slices.Contains(left.Networks, policy.SecurityGroup) {
		for _, group := range groups {
			fmt.Fprintf(text, "security groups are those that begin with %s; delete them with cf delete-security-group\n", securitygroup.NamesTo(group))
		}
	}
	return nil
}
