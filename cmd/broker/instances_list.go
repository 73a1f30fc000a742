package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

func listInstances(ctx context.Context, inspector *inspect.Inspector, a instancesArguments, stdout io.Writer) error {
	if a.gone {
		return listGone(ctx, inspector, a, stdout)
	}
	all, err := inspector.List(ctx, inspect.Filter{Service: a.service, State: record.State(a.state)})
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(stdout, all)
	}
	if len(all.Instances)+len(all.Damaged) == 0 {
		_, err := fmt.Fprintln(stdout, nothingListed(a))
		return err
	}
	return printListing(stdout, all)
}

func nothingListed(a instancesArguments) string {
	if a.service != "" || a.state != "" {
		return "no service instances of this service or state; without --service and --state all are listed"
	}
	return "no service instances; BROKER_NAMESPACE says where they are looked for"
}

func printListing(stdout io.Writer, all inspect.Listing) error {
	const reasonLimit = 80
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tORG\tSERVICE\tPLAN\tVERSION\tOPERATION\tSTATE\tAGE\tBINDINGS\tREASON") // Flush has the error
	for _, i := range all.Instances {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			i.ID, cmp.Or(i.OrganizationName, i.Organization, "-"), cmp.Or(i.Service, "-"), cmp.Or(i.Plan, "-"), cmp.Or(i.Version, "-"), i.Operation, i.State, ago(i.Started),
			bindingCount(i), clip(oneLine(i.Reason), reasonLimit))
	}
	for _, d := range all.Damaged {
		_, _ = fmt.Fprintf(table, "Secret %s\t-\t-\t-\t-\t-\tdamaged\t-\t-\t%s\n", d.Secret, oneLine(d.Reason))
	}
	return table.Flush()
}

func bindingCount(i inspect.Summary) string {
	if i.Tombstones == 0 {
		return fmt.Sprint(i.Bindings)
	}
	return fmt.Sprintf("%d (and %d revoked)", i.Bindings, i.Tombstones)
}

func ago(t time.Time) string { return duration.HumanDuration(time.Since(t)) }
