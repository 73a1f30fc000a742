package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// checkPush looks whether the app that a manifest describes would start.
func checkPush(ctx context.Context, manifest string, varsFiles []string, report checkReport) error {
	app, err := readPushed(manifest, varsFiles)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	tell := func(f check.Finding) {
		f.Found, f.Cure = app.hide(f.Found), app.hide(f.Cure)
		report.tell(f)
	}
	for _, f := range app.variables() {
		tell(f)
	}
	program, cure := app.program(), "broker --help lists them"
	tell(program)
	if program.State == check.Failed { // the charts may be missing for that
		cure = program.Cure + ", if it is for that; " + cure
	}
	s, err := app.settings()
	for _, problem := range app.problems(err) {
		tell(check.Finding{Subject: "settings", State: check.Failed, Found: problem, Cure: cure})
	}
	for _, name := range app.strange() {
		tell(check.Finding{Subject: "settings", State: check.Warning, Found: name + " is none of the broker's", Cure: "broker --help lists them"})
	}
	if err == nil {
		tell(check.Finding{Subject: "settings", State: check.OK, Found: "the broker would start with them"})
		check.All(ctx, []check.Look{check.Charts(func(ctx context.Context) (chart.Catalog, error) { return chartsOf(ctx, s) })}, tell)
	}
	return report.end()
}

func (p *pushed) settings() (settings, error) {
	environment, err := p.environment()
	if err != nil {
		return settings{}, err
	}
	return settingsOf(environment)
}

// variables tells of those that have no value, and of values that are of none.
func (p *pushed) variables() (findings []check.Finding) {
	for _, name := range p.missing {
		findings = append(findings, check.Finding{State: check.Failed, Found: "((" + name + ")) has no value", Cure: "give it one in the file of --vars-file, or take its line out of the manifest"})
	}
	for _, name := range p.unused {
		findings = append(findings, check.Finding{State: check.Warning, Found: "the manifest doesn't name ((" + name + "))", Cure: "is it misspelt?"})
	}
	if len(p.missing) == 0 {
		findings = append(findings, check.Finding{State: check.OK, Found: "all that the manifest names have values"})
	}
	for i := range findings {
		findings[i].Subject = "variables"
	}
	return findings
}

// program tells whether what the app is started with is pushed along.
func (p *pushed) program() check.Finding {
	found := check.Finding{Subject: "program", State: check.Failed, Cure: "make dist"}
	file := filepath.Join(p.folder, "broker")
	switch info, err := os.Stat(file); {
	case err != nil:
		found.Found = err.Error()
	case info.Mode()&0o111 == 0:
		found.Found, found.Cure = file+" can't be executed", "chmod +x "+file
	default:
		found.State, found.Found, found.Cure = check.OK, file, ""
	}
	return found
}

// strange are names in the environment that are no settings.
func (p *pushed) strange() (names []string) {
	known := map[string]bool{}
	for _, field := range settingFields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		known[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		if !known[name] {
			names = append(names, name)
		}
	}
	return names
}

// problems are what an error joins. Values are hidden before: one may have several lines.
func (p *pushed) problems(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(p.hide(err.Error()), "\n")
}
