package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// bindChart prints what an app would get, and, apart from it, by which rule.
func bindChart(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	a, parameters, err := onePlan("bind", args)
	if err != nil {
		return err
	}
	checker, err := newChecker(a, true)
	if err != nil {
		return err
	}
	rule, credentials, err := checker.Yield(ctx, a.dir, a.plan, parameters, a.names)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stderr, "by %s\n", cmp.Or(rule, "no rule: all that there is"))
	printed := json.NewEncoder(stdout)
	printed.SetIndent("", "  ")
	printed.SetEscapeHTML(false) // & stands in URLs
	var decoded any
	if err := json.Unmarshal(credentials, &decoded); err != nil {
		return fmt.Errorf("reading the credentials: %w", err)
	}
	return printed.Encode(decoded)
}
