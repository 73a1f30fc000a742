package main

import (
	"errors"
	"flag"
	"io"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// instancesArguments are those of all subcommands.
type instancesArguments struct {
	id, service, state string
	json, secrets, yes bool
	gone               bool
	upgrade            upgradeArguments
}

// parseInstances reads flags before and after the id. Each subcommand knows
// only its own flags; list, none and upgrade take no id.
func parseInstances(subcommand string, args []string) (instancesArguments, error) {
	var a instancesArguments
	ofOne := !slices.Contains([]string{"list", "none", "upgrade"}, subcommand)
	flags := flag.NewFlagSet(subcommand, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	switch subcommand {
	case "list":
		flags.BoolVar(&a.json, "json", false, "")
		flags.BoolVar(&a.gone, "gone", false, "")
		flags.StringVar(&a.service, "service", "", "")
		flags.StringVar(&a.state, "state", "", "")
	case "show":
		flags.BoolVar(&a.json, "json", false, "")
		flags.BoolVar(&a.secrets, "secrets", false, "")
	case "upgrade":
		flags.BoolVar(&a.json, "json", false, "")
		flags.StringVar(&a.service, "service", "", "")
		a.upgrade.define(flags)
	case "forget":
		flags.BoolVar(&a.yes, "yes", false, "")
	}
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return a, err
			}
			return a, usageError("instances %s: %v", subcommand, err)
		}
		args = flags.Args()
		if len(args) == 0 {
			break
		}
		if subcommand == "list" {
			return a, usageError("instances list takes no %q; did you mean show?", args[0])
		}
		if !ofOne {
			return a, usageError("instances %s takes no %q", subcommand, args[0])
		}
		if a.id != "" {
			return a, usageError("instances %s takes one id, not both %q and %q", subcommand, a.id, args[0])
		}
		a.id, args = args[0], args[1:]
	}
	if subcommand == "upgrade" {
		return a, a.upgrade.check()
	}
	if ofOne && a.id == "" {
		return a, usageError("instances %s needs an instance's id", subcommand)
	}
	if a.gone && a.state != "" {
		return a, usageError("--gone lists what failed; it takes no --state")
	}
	states := []string{"", string(record.InProgress), string(record.Succeeded), string(record.Failed)}
	if !slices.Contains(states, a.state) {
		return a, usageError(`--state is "in progress", "succeeded" or "failed", not %q`, a.state)
	}
	return a, nil
}
