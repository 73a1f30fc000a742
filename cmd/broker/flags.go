package main

import (
	"errors"
	"flag"
	"io"
)

// flagsAlone reads the arguments of a command that takes flags and nothing else.
func flagsAlone(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp) || flags.NArg() == 1 && flags.Arg(0) == "help":
		return flag.ErrHelp
	case err != nil:
		return usageError("%s: %v", flags.Name(), err)
	case flags.NArg() > 0:
		return usageError("%s takes no %q", flags.Name(), flags.Arg(0))
	}
	return nil
}
