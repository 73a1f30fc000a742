package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

var (
	// errUsage and errSettings lead to the exit status 2.
	errUsage    = errors.New("wrong usage")
	errSettings = errors.New("the settings are wrong")
)

func usageError(format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, arguments...))
}

// exitStatus says why a command has ended, with its usage where that helps, and returns
// the exit status: 0 done, 1 refused or failed, 2 wrong usage or settings.
func exitStatus(err error, usage string, stdout, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprint(stdout, usage)
		return 0
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintf(stderr, "broker: %v\n\n%s", err, usage)
		return 2
	}
	_, _ = fmt.Fprintf(stderr, "broker: %v\n", err)
	if errors.Is(err, errSettings) {
		return 2
	}
	return 1
}
