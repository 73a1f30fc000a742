package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/names"
)

// errMistakes leads to the exit status 1; the mistakes have been printed.
var errMistakes = errors.New("there are mistakes in the charts")

func checkCharts(ctx context.Context, args []string, stdout io.Writer) error {
	a, err := parseCharts("check", args)
	if err != nil {
		return err
	}
	checker, err := newChecker(a.kubeVersion)
	if err != nil {
		return err
	}
	if !slices.Contains(chart.PodSecurityStandards(), a.podSecurity) {
		return usageError("--pod-security %q must be one of %s", a.podSecurity, strings.Join(chart.PodSecurityStandards(), ", "))
	}
	checker.PodSecurity = a.podSecurity
	if a.domain != "" {
		domain, err := names.ParseDomain(a.domain)
		if err != nil {
			return usageError("--cluster-domain: %v", err)
		}
		checker.Domain = string(domain)
	}
	report, err := checker.Check(ctx, a.dir)
	if err != nil {
		return err
	}
	if err := report.Print(stdout); err != nil {
		return err
	}
	if _, mistakes, _ := report.Count(); mistakes > 0 {
		return errMistakes
	}
	return nil
}
