package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartsurvey"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// surveyBounds are those of the check of one chart, and surveyPatience how long it may
// take by the clock.
var surveyBounds = sandbox.Limits{Time: time.Minute, Memory: 512 << 20}

const surveyPatience = 3 * time.Minute

// checkOptions are what a process that checks one chart of a survey is told.
type checkOptions struct {
	KubeVersion string `json:"kube_version"`
	Domain      string `json:"domain"`
	PodSecurity string `json:"pod_security"`
	Library     string `json:"library"`
}

// openChecker is the checker in such a process, whose own processes end with their work.
func openChecker(options json.RawMessage) (chartcheck.Checker, error) {
	var o checkOptions
	if err := json.Unmarshal(options, &o); err != nil {
		return chartcheck.Checker{}, err
	}
	return newChecker(chartsArguments{kubeVersion: o.KubeVersion, domain: o.Domain, podSecurity: o.PodSecurity, library: o.Library}, false)
}

// surveyCharts checks every chart under a folder. What is wrong with charts is what it
// is to tell, no error of its own.
func surveyCharts(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	a, err := parseCharts("survey", args)
	if err != nil {
		return err
	}
	if a.jobs < 0 {
		return usageError("--jobs %d must be 1 or more", a.jobs)
	}
	if _, err := newChecker(a, false); err != nil { // wrong flags are told once, not by each chart
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	survey := chartsurvey.Survey{
		Workers: &sandbox.Workers{Command: []string{self, workInSandbox}}, Limits: surveyBounds, Patience: surveyPatience,
		Jobs: a.jobs, Progress: stderr,
		Options: checkOptions{KubeVersion: a.kubeVersion, Domain: a.domain, PodSecurity: a.podSecurity, Library: a.library},
	}
	if survey.Jobs == 0 {
		survey.Jobs = runtime.NumCPU()
	}
	rows, err := survey.Run(ctx, a.dir)
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		return usageError("charts survey: %v", err)
	case a.asJSON:
		printed := json.NewEncoder(stdout)
		printed.SetIndent("", "  ")
		printed.SetEscapeHTML(false)
		return printed.Encode(rows)
	}
	return chartsurvey.Print(rows, stdout)
}
