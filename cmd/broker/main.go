// Command broker is cf-helm-broker: an Open Service Broker that offers Helm
// charts as Cloud Foundry services. It wires the rooms together and holds no
// logic of its own.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	// CA certificates, for where the host has none, as in the image.
	_ "golang.org/x/crypto/x509roots/fallback"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `cf-helm-broker offers Helm charts as Cloud Foundry services.

Usage:
  broker                           serve the Open Service Broker API
  broker charts check DIR          check a chart, or a folder of charts, without a cluster
  broker charts survey DIR         check all charts under a folder, and print a table
  broker charts render|bind DIR --plan P
                                   print a plan's manifests or credentials; broker charts says more
  broker instances list|show|retry|upgrade|forget|none
                                   look at service instances and put them right; broker instances says more
  broker check                     look whether everything fits, before and after it is installed
  broker orphans                   find what one of Cloud Foundry, the records and the cluster has alone
  broker register|deregister       have Cloud Foundry offer the broker's services, or not any more
  broker version                   print what it was built from, as --version does
  broker --help                    print this

It is set up by environment variables:

`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 0:
		return serveCommand(ctx, stdout, stderr)
	case args[0] == workInSandbox:
		return serveSandbox(os.Stdin, stdout)
	case args[0] == "charts":
		return chartsCommand(ctx, args[1:], stdout, stderr)
	case args[0] == "instances":
		return instancesCommand(ctx, args[1:], stdout, stderr)
	case args[0] == "check":
		return checkCommand(ctx, args[1:], stdout, stderr)
	case args[0] == "register" || args[0] == "deregister":
		return registerCommand(ctx, args[0], args[1:], stdout, stderr)
	case args[0] == "orphans":
		return orphansCommand(ctx, args[1:], stdout, stderr)
	case args[0] == "version" || args[0] == "--version":
		return versionCommand(stdout)
	case args[0] == "--help" || args[0] == "-h" || args[0] == "help":
		_, _ = fmt.Fprint(stdout, usage, settingsHelp())
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "broker: unknown argument %q; try broker --help\n", args[0])
	return 2
}
