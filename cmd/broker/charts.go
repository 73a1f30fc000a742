package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
	"github.com/cf-helm-broker/cf-helm-broker/names"
)

const chartsUsage = `Check charts without a cluster.

Usage:
  broker charts check DIR [--kube-version V] [--cluster-domain D] [--bind-library DIR] [--pod-security S]
      say what each plan would make: objects, credentials, ports; and what is wrong
  broker charts survey DIR [--json] [--jobs N] and check's flags
      check every chart under a folder and print a table: which pass, need what, fail for what
  broker charts bind DIR --plan P [--values FILE.json] [--names] [--cluster-domain D] [--bind-library DIR]
      print the credentials that a bound app would get of a made-up instance
  broker charts render DIR --plan P [--values FILE.json] [--kube-version V]
      print the manifests of one plan, as helm template does

  DIR                 one chart; for check also a folder of charts; for survey a
                      folder with charts at any depth
  --plan P            the plan's name in plans.yaml; "default" in a chart without plans
  --values FILE.json  parameters as an app developer gives them to cf create-service -c
  --kube-version V    Kubernetes version to render for, such as 1.33
  --cluster-domain D  domain of the cluster's names; default: cluster.local
  --pod-security S    Pod Security Standard of plans that name none, as the
                      broker's POD_SECURITY; default: baseline
  --names             with names in place of addresses
  --json              rows as JSON
  --jobs N            how many charts are checked at a time; default: as many as
                      there are processors
  --bind-library DIR  what BIND_LIBRARY is for the broker

Exit status: 0 no mistake, 1 mistakes in a chart (not for survey), 2 wrong usage.
`

// chartsCommand runs `broker charts …` and returns the exit status.
func chartsCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = fmt.Fprint(stderr, chartsUsage)
		return 2
	}
	var err error
	switch args[0] {
	case "--help", "-h", "help":
		_, _ = fmt.Fprint(stdout, chartsUsage)
		return 0
	case "check":
		err = checkCharts(ctx, args[1:], stdout)
	case "survey":
		err = surveyCharts(ctx, args[1:], stdout, stderr)
	case "bind":
		err = bindChart(ctx, args[1:], stdout, stderr)
	case "render":
		err = renderChart(ctx, args[1:], stdout)
	default:
		err = usageError("charts knows check, survey, bind and render, not %q", args[0])
	}
	var wrongArgument *chartcheck.ArgumentError
	switch {
	case errors.As(err, &wrongArgument):
		_, _ = fmt.Fprintf(stderr, "broker: %v\n", err)
		return 2
	case errors.Is(err, errMistakes):
		return 1
	}
	return exitStatus(err, chartsUsage, stdout, stderr)
}

// chartsArguments are those of all subcommands.
type chartsArguments struct {
	dir, plan, values, kubeVersion, domain, podSecurity, library string
	names, asJSON                                                bool
	jobs                                                         int
}

// parseCharts reads flags before, between and after the folder. Of flags,
// --plan and --values are for one plan alone, the others for where there are credentials.
func parseCharts(subcommand string, args []string) (chartsArguments, error) {
	var a chartsArguments
	flags := flag.NewFlagSet(subcommand, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.kubeVersion, "kube-version", "", "")
	if subcommand != "render" {
		flags.StringVar(&a.domain, "cluster-domain", "", "")
		flags.StringVar(&a.podSecurity, "pod-security", "baseline", "")
		flags.StringVar(&a.library, "bind-library", "", "")
	}
	if subcommand == "bind" {
		flags.BoolVar(&a.names, "names", false, "")
	}
	if subcommand == "survey" {
		flags.BoolVar(&a.asJSON, "json", false, "")
		flags.IntVar(&a.jobs, "jobs", 0, "")
	}
	if subcommand == "bind" || subcommand == "render" {
		flags.StringVar(&a.plan, "plan", "", "")
		flags.StringVar(&a.values, "values", "", "")
	}
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return a, err
			}
			return a, usageError("charts %s: %v", subcommand, err)
		}
		args = flags.Args()
		if len(args) == 0 {
			break
		}
		if a.dir != "" {
			return a, usageError("charts %s takes one folder, not both %q and %q", subcommand, a.dir, args[0])
		}
		a.dir, args = args[0], args[1:]
	}
	if a.dir == "" {
		return a, usageError("charts %s needs a folder", subcommand)
	}
	return a, nil
}

// onePlan reads the arguments of a subcommand for one plan, and the parameters that they name.
func onePlan(subcommand string, args []string) (chartsArguments, json.RawMessage, error) {
	a, err := parseCharts(subcommand, args)
	if err != nil {
		return a, nil, err
	}
	if a.plan == "" {
		return a, nil, usageError("charts %s needs --plan", subcommand)
	}
	if a.values == "" {
		return a, nil, nil
	}
	parameters, err := os.ReadFile(a.values)
	if err != nil {
		return a, nil, usageError("--values: %v", err)
	}
	return a, parameters, nil
}

// newChecker renders charts and evaluates templates within the limits that the broker has unless
// it is told otherwise. keep is as for newSandbox.
func newChecker(a chartsArguments, keep bool) (chartcheck.Checker, error) {
	templates, renderer, err := newSandbox(defaultBounds, keep)
	if err != nil {
		return chartcheck.Checker{}, err
	}
	library, err := newLibrary(a.library)
	if err != nil {
		return chartcheck.Checker{}, usageError("--bind-library: %v", err)
	}
	checker := chartcheck.Checker{Templates: templates, Library: library, Renderer: renderer}
	if a.podSecurity != "" && !slices.Contains(chart.PodSecurityStandards(), a.podSecurity) {
		return chartcheck.Checker{}, usageError("--pod-security %q must be one of %s", a.podSecurity, strings.Join(chart.PodSecurityStandards(), ", "))
	}
	checker.PodSecurity = a.podSecurity
	if a.domain != "" {
		domain, err := names.ParseDomain(a.domain)
		if err != nil {
			return chartcheck.Checker{}, usageError("--cluster-domain: %v", err)
		}
		checker.Domain = string(domain)
	}
	if a.kubeVersion == "" {
		return checker, nil
	}
	checker.KubeVersion, err = chartutil.ParseKubeVersion(a.kubeVersion)
	if err != nil {
		return chartcheck.Checker{}, usageError("--kube-version %q isn't a version such as 1.33: %v", a.kubeVersion, err)
	}
	return checker, nil
}
