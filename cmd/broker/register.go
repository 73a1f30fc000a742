package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/register"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

const registerUsage = `Have Cloud Foundry offer the broker's services, or not any more.

Usage:
  broker register [--wait LIMIT] [--take-over]
      create or update the service broker, have Cloud Foundry read its catalog,
      and give organizations access to each plan as plans.yaml says (access)
  broker deregister [--wait LIMIT] [--take-over]
      delete it; Cloud Foundry refuses while there are service instances

  --wait LIMIT  how long it goes on while Cloud Foundry or the broker doesn't
                answer, or the broker's catalog lacks plans of the charts that
                are read here; default: 10m
  --take-over   replace or delete the service broker of this name even if it is
                at another URL and none of its plans is among the charts

It reads the running broker's settings: CF_BROKER_URL, CF_BROKER_NAME,
SECURITY_USER_NAME and SECURITY_USER_PASSWORD or CREDENTIALS_FILE, HELM_CHART_DIR or
CHART_SOURCES; and CF_API_ADDRESS, CF_CLIENT_ID and CF_CLIENT_SECRET of a UAA client
with the authority cloud_controller.admin. It needs no Kubernetes. A second run
changes nothing.

Exit status: 0 done, 1 refused or failed, 2 wrong usage or settings.
`

// registerCommand runs `broker register` or `broker deregister` and returns the exit status.
func registerCommand(ctx context.Context, command string, args []string, stdout, stderr io.Writer) int {
	return exitStatus(runRegister(ctx, command, args, stdout, stderr), registerUsage, stdout, stderr)
}

func runRegister(ctx context.Context, command string, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	wait := flags.Duration("wait", 10*time.Minute, "")
	takeOver := flags.Bool("take-over", false, "")
	if err := flagsAlone(flags, args); err != nil {
		return err
	}
	if *wait <= 0 {
		return usageError("--wait must be above 0, for example 10m")
	}
	s, err := readRegisterSettings()
	told, missing := s.registration()
	if command == "register" { // what is deleted needs neither a URL nor a login
		err = errors.Join(err, missing)
	}
	if err != nil {
		return fmt.Errorf("%w; broker --help lists them\n%w", errSettings, err)
	}
	told.TakeOver = *takeOver
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	tell := register.Teller{
		Done:    func(line string) { _, _ = fmt.Fprintln(stdout, line) },
		Waiting: func(line string) { _, _ = fmt.Fprintln(stderr, line) },
	}
	if command == "deregister" {
		return deregisterBroker(ctx, s, told, tell)
	}
	return registerBroker(ctx, s, told, tell)
}

func deregisterBroker(ctx context.Context, s settings, told register.Settings, tell register.Teller) error {
	deleted, err := register.New(told, newRegisterAPI(s), tell).Deregister(ctx, func() ([]chart.Service, error) {
		catalog, err := chartsOf(ctx, s)
		return catalog.Services, err
	})
	if err != nil {
		return err
	}
	if !deleted {
		tell.Done(fmt.Sprintf("there is no service broker %s; nothing was changed", s.BrokerName))
		return nil
	}
	tell.Done(fmt.Sprintf("service broker %s was deleted", s.BrokerName))
	return nil
}

func registerBroker(ctx context.Context, s settings, told register.Settings, tell register.Teller) error {
	catalog, err := chartsOf(ctx, s)
	if err != nil {
		return err
	}
	for _, p := range catalog.Problems {
		tell.Waiting(fmt.Sprintf("the chart %s is left out: %v", p.From, p.Err))
	}
	result, err := register.New(told, newRegisterAPI(s), tell).RegisterWhole(ctx, catalog.Services)
	for _, plan := range result.Unknown {
		tell.Waiting(fmt.Sprintf("plan %s is in the broker's catalog and not in the charts that were read here; its access stays as it was", plan))
	}
	if err == nil && !result.Changed {
		tell.Done(fmt.Sprintf("service broker %s is registered, at %s; its catalog was read again, and nothing has changed", told.Name, told.URL))
	}
	return err
}

// chartsOf reads the charts as the broker does, without its cluster's version.
func chartsOf(ctx context.Context, s settings) (chart.Catalog, error) {
	found, err := s.findCharts(ctx, s.ChartSources, s.ChartDir)
	if err != nil {
		return chart.Catalog{}, fmt.Errorf("the charts can't be read: %w", err)
	}
	_, renderer, err := newSandbox(s.bounds(), false)
	if err != nil {
		return chart.Catalog{}, err
	}
	return chart.LoadAll(ctx, found, nil, render.NewTexts(renderer)), nil
}

func newRegisterAPI(s settings) *cfapi.Client {
	return cfapi.New(s.cfAPI(), func(string, error) {})
}

// newKeeper returns nothing unless the running broker is to register itself.
func newKeeper(s settings, f fixtures) (*register.Keeper, error) {
	if !s.Register {
		return nil, nil
	}
	told, err := s.registration()
	if err != nil {
		return nil, err
	}
	return register.NewKeeper(told, newRegisterAPI(s), f.offer.whole, f.log), nil
}
