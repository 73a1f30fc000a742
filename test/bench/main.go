package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	// A reader that goes away must not keep anything from being cleaned up. Nor
	// may a broker that does: whoever listens for SIGPIPE gets it for sockets too.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Getenv("BENCH"), os.Stdout, os.Stderr))
}

// The exit statuses beside 0 and 1. A missed aim is none: a busy machine
// misses some.
const (
	exitUsage       = 2
	exitInterrupted = 130 // what shells report for Ctrl-C
)

func run(ctx context.Context, wanted string, stdout, stderr io.Writer) int {
	chosen, err := choose(wanted)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitUsage
	}
	err = bench(ctx, chosen, stdout, progress{stderr})
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "bench: interrupted; what was started has been stopped")
		return exitInterrupted
	}
	_, _ = fmt.Fprintf(stderr, "bench: %v\n", err)
	return 1
}

// bench takes the steps and prints what was measured, also when one failed.
func bench(ctx context.Context, chosen []step, stdout io.Writer, out progress) (err error) {
	s, err := openStage(ctx, chosen, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	out.line("measuring on %d processors%s", runtime.NumCPU(), otherLoad())
	var rows []row
	for _, step := range chosen {
		out.line("%s: %s ...", step.name, step.does)
		measured, stepErr := step.take(ctx, s)
		rows = append(rows, measured...)
		if stepErr != nil {
			err = fmt.Errorf("%s: %w", step.name, stepErr)
			break
		}
	}
	_, _ = fmt.Fprintln(stdout)
	printTable(stdout, rows)
	return err
}
