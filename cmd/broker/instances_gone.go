package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

// listGone prints why operations failed of instances that are gone. The reasons
// are printed whole: nothing else shows them any more.
func listGone(ctx context.Context, inspector *inspect.Inspector, a instancesArguments, stdout io.Writer) error {
	past, err := inspector.Gone(ctx, a.service)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(stdout, map[string]any{"gone": past})
	}
	if len(past) == 0 {
		_, err := fmt.Fprintln(stdout, "no service instance that is gone failed before")
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tSERVICE\tPLAN\tVERSION\tOPERATION\tFAILED\tGONE\tREASON") // Flush has the error
	for _, p := range past {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			p.ID, cmp.Or(p.Service, "-"), cmp.Or(p.Plan, "-"), cmp.Or(p.Version, "-"), p.Operation, ago(p.Failed), ago(p.Gone), oneLine(p.Reason))
	}
	return table.Flush()
}
