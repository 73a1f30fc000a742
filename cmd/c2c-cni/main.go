// Command c2c-cni is the CNI plugin of a Silk worker, and the node's agent that it
// asks. It wires the rooms of cni together and holds no logic of its own.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/cf-helm-broker/cf-helm-broker/cni/plugin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("CNI_COMMAND") != "" {
		os.Exit(runPlugin(ctx))
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `c2c-cni puts the pods of a Silk worker into policy groups.

Usage:
  c2c-cni agent [flags]   answer the node's plugins, guard the node; c2c-cni agent --help lists the flags
  c2c-cni agent --uninstall
                          take away what the agent has installed
  c2c-cni check [flags]   look at this node for all that pods need, and say what to do; the flags are the agent's
  c2c-cni --help          print this

With CNI_COMMAND in its environment it is a CNI plugin, which container runtimes call.
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 0:
		_, _ = fmt.Fprint(stderr, usage)
		return 2
	case args[0] == "agent":
		return agentCommand(ctx, args[1:], stdout, stderr)
	case args[0] == "check":
		return checkCommand(ctx, args[1:], stdout, stderr)
	case args[0] == "--help" || args[0] == "-h" || args[0] == "help":
		_, _ = fmt.Fprint(stdout, usage)
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "c2c-cni: unknown argument %q; try c2c-cni --help\n", args[0])
	return 2
}

// runPlugin carries out what the environment says, as CNI wants it: an error is
// printed on standard output.
func runPlugin(ctx context.Context) int {
	err := plugin.Main(ctx)
	if err == nil {
		return 0
	}
	_ = err.Print()
	return 1
}
