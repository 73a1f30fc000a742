// Command vetdeps reports what is known against the modules that are linked
// into the broker: vulnerabilities, versions that were withdrawn, modules that
// are given up. It runs in the broker's folder.
//
// Vulnerabilities take Go's database, which GOVULNDB may name. What couldn't
// be asked is reported as not checked, and ends the command with 1 unless
// -offline says that it is known; so do findings.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	offline := flag.Bool("offline", false, "what can't be asked is no failure")
	years := flag.Int("years", 3, "a module without a release for so many years is listed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	findings, unchecked, err := report(ctx, time.Now().AddDate(-*years, 0, 0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "vetdeps:", err)
		os.Exit(1)
	}
	fmt.Printf("\n%d to be mended, %d not checked\n", findings, unchecked)
	if findings > 0 || unchecked > 0 && !*offline {
		os.Exit(1)
	}
}

// report prints everything and counts what has to be mended, and what wasn't
// checked.
func report(ctx context.Context, old time.Time) (findings, unchecked int, err error) {
	modules, err := linked(ctx)
	if err != nil {
		return 0, 0, err
	}
	fmt.Printf("%d modules are linked into the broker\n", len(modules))
	findings, unchecked = releases(modules, old)
	known, checked, err := vulnerabilities(ctx)
	if err != nil {
		return 0, 0, err
	}
	if !checked {
		unchecked++
	}
	if known {
		findings++
	}
	return findings, unchecked, nil
}
