package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
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
	if err := printPolicyDelete(&text, left.Policies); err != nil {
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

// printPolicyDelete prints the request that deletes the policies.
func printPolicyDelete(text *strings.Builder, policies []policy.Policy) error {
	if len(policies) == 0 {
		return nil
	}
	body, err := json.Marshal(map[string]any{"policies": policies})
	if err != nil {
		return fmt.Errorf("printing the policies: %w", err)
	}
	fmt.Fprintf(text, "the policies are deleted with:\n  cf curl -X POST /networking/v1/external/policies/delete -d '%s'\n", body)
	return nil
}
