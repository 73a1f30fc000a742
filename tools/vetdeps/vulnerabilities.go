package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// govulncheck is built beside this program.
const govulncheck = "bin/govulncheck"

// found is govulncheck's status when the code reaches a known vulnerability.
const found = 3

// vulnerabilities prints the known vulnerabilities that the broker's code
// reaches. checked is false if the database couldn't be read.
func vulnerabilities(ctx context.Context) (known, checked bool, err error) {
	var words bytes.Buffer
	command := exec.CommandContext(ctx, govulncheck, "./cmd/broker")
	if database := os.Getenv("GOVULNDB"); database != "" {
		command.Args = append([]string{govulncheck, "-db", database}, command.Args[1:]...)
	}
	command.Stdout, command.Stderr = &words, &words
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		fmt.Printf("\nknown vulnerabilities: none\n%s", words.String())
		return false, true, nil
	case errors.As(err, &exit) && exit.ExitCode() == found:
		fmt.Printf("\nknown vulnerabilities:\n%s", words.String())
		return true, true, nil
	case errors.As(err, &exit) && strings.Contains(words.String(), "fetching vulnerabilities"):
		fmt.Printf("\nknown vulnerabilities: NOT CHECKED, since their database doesn't answer: https://vuln.go.dev, or the one that GOVULNDB names\n  %s\n",
			strings.TrimSpace(words.String()))
		return false, false, nil
	case errors.As(err, &exit):
		return false, false, fmt.Errorf("govulncheck failed: %.1000s", strings.TrimSpace(words.String()))
	}
	return false, false, fmt.Errorf("running %s: %w; build it with make %s", govulncheck, err, govulncheck)
}
