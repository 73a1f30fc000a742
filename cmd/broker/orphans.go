package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
)

const orphansUsage = `Find what Cloud Foundry, the broker's records or the cluster have of instances and bindings
that the others don't know.

Usage:
  broker orphans [--age AGE] [--json]

It looks twice, some seconds apart, and tells what both times had no counterpart; what is
under way, or younger than AGE, it leaves out. It changes nothing.

It reads the running broker's settings: SERVER, TOKEN and CA_DATA, or KUBECONFIG, or the
pod's own service account; BROKER_NAMESPACE, NAMESPACE_PREFIX; CF_API_ADDRESS,
CF_CLIENT_ID and CF_CLIENT_SECRET of a UAA client with network.admin and
cloud_controller.admin_read_only or cloud_controller.admin; CF_BROKER_NAME.

  --age AGE  how old something has to be, for it may be being made; default: 10m
  --json     one document, for programs; nothing in it is secret

Exit status: 0 there are none, 1 there are some or not everything could be looked at,
2 wrong usage or settings.
`

// errOrphans says that there are some, or may be.
var errOrphans = errors.New("not everything has a counterpart, or could be looked at")

// lookAgain is how long after the first look the second one is: an operation that was
// ending then has ended.
const lookAgain = 5 * time.Second

// orphansCommand runs `broker orphans` and returns the exit status.
func orphansCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return exitStatus(runOrphans(ctx, args, stdout), orphansUsage, stdout, stderr)
}

func runOrphans(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("orphans", flag.ContinueOnError)
	asJSON, age := flags.Bool("json", false, ""), flags.Duration("age", 10*time.Minute, "")
	if err := flagsAlone(flags, args); err != nil {
		return err
	}
	source, err := newOrphanSource()
	if err != nil {
		return err
	}
	found, err := lookTwice(ctx, source, *age)
	if err != nil {
		return err
	}
	return found.print(stdout, *asJSON)
}

func newOrphanSource() (orphans.Source, error) {
	var s settings
	if err := errors.Join(parse(&s), s.KubernetesSettings.check()); err != nil {
		return orphans.Source{}, fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	config, _, err := kubernetesConfig(s)
	if err != nil {
		return orphans.Source{}, fmt.Errorf("%w: %w", errSettings, err)
	}
	config.Timeout = answerLimit
	source := orphans.Source{Prefix: s.NamespacePrefix, BrokerName: s.BrokerName}
	if source.Clients, err = kubernetes.NewForConfig(config); err != nil {
		return source, fmt.Errorf("building the Kubernetes client: %w", err)
	}
	if s.CFAPIAddress != "" {
		source.CF = c2c.New(c2c.Settings{Settings: s.cfAPI()}, func(string, error) {})
	}
	source.Records, err = record.NewStore(source.Clients, s.BrokerNamespace)
	return source, err
}

// foundOrphans is what `broker orphans --json` prints.
type foundOrphans struct {
	Orphans []orphans.Orphan `json:"orphans"`
	// Unknown is what couldn't be looked at.
	Unknown []string `json:"unknown,omitempty"`
}

// lookTwice looks a second time only at what had no counterpart. What one of the looks
// couldn't see is unknown.
func lookTwice(ctx context.Context, source orphans.Source, age time.Duration) (found foundOrphans, err error) {
	first, unread, err := source.Read(ctx)
	if err != nil {
		return found, err
	}
	found = foundOrphans{Orphans: []orphans.Orphan{}, Unknown: unread}
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
	found.Unknown = slices.Compact(slices.Sorted(slices.Values(slices.Concat(found.Unknown, unread))))
	for _, o := range orphans.Find(second, time.Now(), age) {
		if slices.Contains(before, o) {
			found.Orphans = append(found.Orphans, o)
		}
	}
	return found, nil
}

func (f foundOrphans) print(stdout io.Writer, asJSON bool) error {
	if asJSON {
		if err := printJSON(stdout, f); err != nil {
			return err
		}
	} else {
		f.printLines(stdout)
	}
	if len(f.Orphans)+len(f.Unknown) > 0 {
		return errOrphans
	}
	return nil
}

func (f foundOrphans) printLines(stdout io.Writer) {
	for _, o := range f.Orphans {
		_, _ = fmt.Fprintf(stdout, "%s %s: %s\n  → %s\n", o.Kind, oneLine(o.ID), oneLine(o.Why), oneLine(o.Cure))
	}
	for _, u := range f.Unknown {
		_, _ = fmt.Fprintf(stdout, "unknown: %s\n", oneLine(u))
	}
	_, _ = fmt.Fprintf(stdout, "%s, %s couldn't be looked at\n", counted(len(f.Orphans), "orphan", "orphans"), counted(len(f.Unknown), "part", "parts"))
}
