package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	endWithParent()
	// SIGPIPE too: a reader that goes away must not keep anything from being
	// cleaned up. A second Ctrl-C doesn't either.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `usage: go run ./test/local build|run|demo|packets

  build     build the local control plane, unless it is in the cache
  run       start a local cluster, a Cloud Foundry stand-in and the broker; Ctrl-C ends it
  demo      walk through the flow, step by step
  packets   say whether packets can be sent between nodes in network namespaces here

PACKETS=1 has apps of the demonstration send packets, which are refused and answered; that needs root and Linux.
PORT chooses the broker's port; without it: 8080 if that is free, else any free one.
NO_COLOR turns colours off.
`

// The exit statuses beside 0 and 1.
const (
	exitUsage       = 2
	exitInterrupted = 130 // what shells report for Ctrl-C
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	commands := map[string]func(context.Context, printer) error{"build": build, "run": runByHand, "demo": demonstrate, "packets": packets}
	if len(args) != 1 || commands[args[0]] == nil {
		_, _ = fmt.Fprint(stderr, usage)
		return exitUsage
	}
	err := needGo()
	if err == nil {
		err = commands[args[0]](ctx, newPrinter(stdout))
	}
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "local %s: %v\n", args[0], err)
	if errors.Is(err, errInterrupted) {
		return exitInterrupted
	}
	return 1
}

var errInterrupted = errors.New("interrupted; what was started has been stopped")

// unlessInterrupted puts what failed because of an interruption down to that.
func unlessInterrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

func needGo() error {
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("the go command is missing, which builds the broker and the control plane: install Go and put it on the PATH (%w)", err)
	}
	return nil
}
