package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"slices"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
)

const orphansUsage = `Find what Cloud Foundry, the broker's records or the cluster have of instances and bindings
that the others don't know.

Usage:
  broker orphans [--fix [--yes] [--wait TIME]] [--age AGE] [--json]

It looks twice, some seconds apart, and tells what both times had no counterpart; what is
under way, or younger than AGE, it leaves out. Without --fix it changes nothing.

It reads the running broker's settings: SERVER, TOKEN and CA_DATA, or KUBECONFIG, or the
pod's own service account; BROKER_NAMESPACE, NAMESPACE_PREFIX; CF_API_ADDRESS,
CF_CLIENT_ID and CF_CLIENT_SECRET of a UAA client with network.admin and
cloud_controller.admin_read_only or cloud_controller.admin; CF_BROKER_NAME; HELM_CHART_DIR or
CHART_SOURCES, whose plans lead to other clusters.

  --fix        have the running broker undo what is certainly nobody's, and nothing by which data
               would be lost: bindings that Cloud Foundry doesn't know of instances that it knows,
               placeholder apps, NetworkPolicies and rules of security groups
  --yes        do it; without, --fix only tells what would be done
  --wait TIME  how long the broker is waited for; default: 2m
  --age AGE    how old something has to be, for it may be being made; default: 10m; with --fix
               1m at least
  --json       one document, for programs; nothing in it is secret

Exit status: 0 there are none, or none any more; 1 there are some, or not everything could be
looked at; 2 wrong usage or settings.
`

// errOrphans says that there are some, or may be.
var errOrphans = errors.New("not everything has a counterpart, or could be looked at")

// leastAge is how old what is to be undone has to be: Cloud Foundry waits a minute for a
// broker's answer, and may write down only then what it asked for.
const leastAge = time.Minute

// lookAgain is how long after the first look the second one is: an operation that was
// ending then has ended.
const lookAgain = 5 * time.Second

// orphansCommand runs `broker orphans` and returns the exit status.
func orphansCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return exitStatus(runOrphans(ctx, args, stdout), orphansUsage, stdout, stderr)
}

// orphansArguments are what it is told.
type orphansArguments struct {
	json, fix, yes bool
	age, wait      time.Duration
}

func parseOrphans(args []string) (a orphansArguments, err error) {
	flags := flag.NewFlagSet("orphans", flag.ContinueOnError)
	flags.BoolVar(&a.json, "json", false, "")
	flags.BoolVar(&a.fix, "fix", false, "")
	flags.BoolVar(&a.yes, "yes", false, "")
	flags.DurationVar(&a.age, "age", 10*time.Minute, "")
	flags.DurationVar(&a.wait, "wait", 2*time.Minute, "")
	if err := flagsAlone(flags, args); err != nil {
		return a, err
	}
	switch {
	case a.yes && !a.fix:
		return a, usageError("--yes goes with --fix")
	case a.fix && a.age < leastAge:
		return a, usageError("--fix takes no --age below %s: what is younger may be being made", leastAge)
	case a.wait <= 0:
		return a, usageError("--wait must be above 0")
	}
	return a, nil
}

func runOrphans(ctx context.Context, args []string, stdout io.Writer) error {
	a, err := parseOrphans(args)
	if err != nil {
		return err
	}
	source, err := newOrphanSource(ctx)
	if err != nil {
		return err
	}
	found, err := lookTwice(ctx, source, a.age)
	if err != nil {
		return err
	}
	told := toldOrphans{Unknown: found.unknown, WithoutCF: source.CF == nil}
	for _, o := range found.orphans {
		told.Orphans = append(told.Orphans, toldOrphan{Orphan: o})
	}
	if a.fix && a.yes {
		if err := told.mend(ctx, source, a); err != nil {
			return err
		}
	}
	return told.print(stdout, a)
}

// foundOrphans are what two looks saw.
type foundOrphans struct {
	orphans []orphans.Orphan
	unknown []string // what one of them couldn't see
}

// lookTwice looks a second time only at what had no counterpart. What one of the looks
// couldn't see is unknown.
func lookTwice(ctx context.Context, source orphans.Source, age time.Duration) (found foundOrphans, err error) {
	first, unread, err := source.Read(ctx)
	if err != nil {
		return found, err
	}
	found.unknown = unread
	before := orphans.Find(first, time.Now(), age)
	if len(before) == 0 {
		return found, nil
	}
	select {
	case <-ctx.Done():
		return found, ctx.Err()
	case <-time.After(lookAgain):
	}
	second, unread, err := source.Read(ctx)
	if err != nil {
		return found, err
	}
	found.unknown = slices.Compact(slices.Sorted(slices.Values(slices.Concat(found.unknown, unread))))
	found.orphans = orphans.InBoth(before, orphans.Find(second, time.Now(), age))
	return found, nil
}
