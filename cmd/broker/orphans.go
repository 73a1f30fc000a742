package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

const orphansUsage = `Say which service instances Cloud Foundry or the broker has alone. It changes nothing.

Usage:
  broker orphans [--json]
      compare Cloud Foundry's service instances of this service broker with the
      broker's records, and print what has no counterpart, with a cure for each.
      What is under way, or was changed in the last 10 minutes, is left out; what
      is found is looked for once more after 5 seconds

It reads the running broker's settings: CF_BROKER_NAME; CF_API_ADDRESS, CF_CLIENT_ID and
CF_CLIENT_SECRET of a UAA client with the authority cloud_controller.admin_read_only or
cloud_controller.admin; those by which broker instances reaches the cluster.
It looks at no bindings, namespaces, releases, policies and placeholder apps.

Exit status: 0 there are none, 1 some were found, or something couldn't be looked at,
2 wrong usage or settings.
`

const (
	orphansAge   = 10 * time.Minute // younger ones may be under way
	orphansPause = 5 * time.Second  // between the two looks
)

// orphansReport is what --json prints.
type orphansReport struct {
	Findings []orphans.Finding `json:"findings"`
	// Unknown says what couldn't be looked at.
	Unknown []string `json:"unknown"`
}

// orphansCommand runs `broker orphans` and returns the exit status.
func orphansCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return exitStatus(runOrphans(ctx, args, stdout), orphansUsage, stdout, stderr)
}

func runOrphans(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("orphans", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	asJSON := flags.Bool("json", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp) || flags.NArg() == 1 && flags.Arg(0) == "help":
		return flag.ErrHelp
	case err != nil:
		return usageError("orphans: %v", err)
	case flags.NArg() > 0:
		return usageError("orphans takes no %q", flags.Arg(0))
	}
	s, err := readRegisterSettings()
	if err != nil {
		return fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	inspector, err := newInspector()
	if err != nil {
		return err
	}
	report := findOrphans(ctx, s, inspector)
	if err := printOrphans(stdout, report, *asJSON); err != nil {
		return err
	}
	if n, unknown := len(report.Findings), len(report.Unknown); n+unknown > 0 {
		return fmt.Errorf("orphans found: %d; couldn't be looked at: %d", n, unknown)
	}
	return nil
}

// findOrphans looks twice, since what one side has done the other may just be doing.
func findOrphans(ctx context.Context, s settings, inspector *inspect.Inspector) orphansReport {
	first := lookForOrphans(ctx, s, inspector)
	if len(first.Findings) == 0 {
		return first
	}
	select {
	case <-ctx.Done():
		return orphansReport{[]orphans.Finding{}, []string{"broken off before the second look"}}
	case <-time.After(orphansPause):
	}
	second := lookForOrphans(ctx, s, inspector)
	second.Findings = orphans.InBoth(first.Findings, second.Findings)
	return second
}

func lookForOrphans(ctx context.Context, s settings, inspector *inspect.Inspector) orphansReport {
	report := orphansReport{[]orphans.Finding{}, []string{}}
	unknown := func(format string, args ...any) {
		report.Unknown = append(report.Unknown, fmt.Sprintf(format, args...))
	}
	listing, err := inspector.List(ctx, inspect.Filter{})
	if err != nil {
		unknown("the broker's records couldn't be read: %v", err)
		return report
	}
	cf, brokerURL, err := orphans.InCF(ctx, newRegisterAPI(s), s.BrokerName)
	if err != nil {
		unknown("Cloud Foundry couldn't be read: %v", err)
		return report
	}
	if len(listing.Damaged) > 0 { // any of Cloud Foundry's instances may be theirs
		for _, d := range listing.Damaged {
			unknown("the record in the Secret %s can't be read: %s; nothing is compared until it is mended", d.Secret, d.Reason)
		}
		return report
	}
	var records []orphans.Instance
	for _, i := range listing.Instances {
		records = append(records, orphans.Instance{ID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID, Busy: i.State == string(record.InProgress), Changed: i.Started})
	}
	report.Findings = orphans.Compare(cf, records, time.Now().Add(-orphansAge), brokerURL)
	return report
}

func printOrphans(stdout io.Writer, report orphansReport, asJSON bool) error {
	if asJSON {
		return printJSON(stdout, report)
	}
	if len(report.Findings)+len(report.Unknown) == 0 {
		_, err := fmt.Fprintln(stdout, "no orphans")
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "KIND\tID\tWRONG\tCURE") // Flush has the error
	for _, f := range report.Findings {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Kind, oneLine(f.ID), oneLine(f.Wrong), oneLine(f.Cure))
	}
	for _, u := range report.Unknown {
		_, _ = fmt.Fprintf(table, "unknown\t-\t%s\t-\n", oneLine(u))
	}
	return table.Flush()
}
