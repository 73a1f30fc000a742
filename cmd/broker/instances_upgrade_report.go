package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/broker/upgrade"
)

// upgradeReport tells what is upgraded: as lines, or as one JSON document at the end.
type upgradeReport struct {
	out    io.Writer
	json   bool
	choice upgrade.Choice
	told   upgradeResult
	begun  time.Time
}

// upgradeResult is what `broker instances upgrade --json` prints. It holds no secret.
type upgradeResult struct {
	// Steps are all that were to be upgraded.
	Steps   []upgradedInstance `json:"instances"`
	Current int                `json:"at_the_version"`
	// Skipped are those that aren't upgraded now, and why.
	Skipped []upgradedInstance `json:"skipped,omitempty"`
	Damaged []inspect.Damaged  `json:"damaged,omitempty"`
}

// upgradedInstance is one of an upgradeResult.
type upgradedInstance struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	Plan    string `json:"plan"`
	From    string `json:"from"`
	To      string `json:"to,omitempty"`
	Canary  bool   `json:"canary,omitempty"`
	// State is "planned", "upgraded", "failed", "under way", "not begun", "busy" or "deleted"; of those that are skipped "busy", "held" or "unfit".
	State   string  `json:"state"`
	Reason  string  `json:"reason,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

func newUpgradeReport(out io.Writer, json bool, choice upgrade.Choice, damaged []inspect.Damaged) *upgradeReport {
	r := &upgradeReport{out: out, json: json, choice: choice, told: upgradeResult{Steps: []upgradedInstance{}, Current: choice.Current, Damaged: damaged}}
	for state, skipped := range map[string][]upgrade.Skipped{"busy": choice.Busy, "held": choice.Held, "unfit": choice.Unfit} {
		for _, s := range skipped {
			one := upgradedOf(upgrade.Step{Instance: s.Instance}, state)
			one.Reason = s.Why
			r.told.Skipped = append(r.told.Skipped, one)
		}
	}
	slices.SortFunc(r.told.Skipped, func(a, b upgradedInstance) int { return cmp.Compare(a.ID, b.ID) })
	return r
}

func upgradedOf(s upgrade.Step, state string) upgradedInstance {
	return upgradedInstance{ID: s.Instance.ID, Service: s.Instance.Service, Plan: s.Instance.Plan, From: s.Instance.Version, To: s.To, State: state}
}

// line says something to people.
func (r *upgradeReport) line(format string, args ...any) {
	if !r.json {
		_, _ = fmt.Fprintf(r.out, format+"\n", args...) // whoever reads has gone; the upgrades go on
	}
}

// begin says what there is to do.
func (r *upgradeReport) begin(pace upgrade.Pace) {
	r.begun = time.Now()
	r.summary()
	if canaries := pace.First(r.choice.Steps); canaries > 0 {
		r.line("%s first, %d at once", counted(canaries, "canary", "canaries"), pace.MaxInFlight)
	}
}

func (r *upgradeReport) summary() {
	r.line("%s to upgrade, %d at the version that is offered", counted(len(r.choice.Steps), "instance", "instances"), r.choice.Current)
	kinds := map[string]int{}
	for _, s := range r.choice.Steps {
		kinds[fmt.Sprintf("%s, plan %s: %s → %s", s.Instance.Service, s.Instance.Plan, s.Instance.Version, s.To)]++
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		r.line("  %d of %s", kinds[kind], oneLine(kind))
	}
	for _, s := range r.told.Skipped {
		r.line("  not %s of %s: %s", s.ID, oneLine(cmp.Or(s.Service, "unknown")), s.Reason)
	}
	for _, d := range r.told.Damaged {
		r.line("  not Secret %s: %s", d.Secret, oneLine(d.Reason))
	}
}

// dryRun says what would be done.
func (r *upgradeReport) dryRun() error {
	r.summary()
	for _, s := range r.choice.Steps {
		r.line("would upgrade %s", stepLine(s))
		r.told.Steps = append(r.told.Steps, upgradedOf(s, "planned"))
	}
	return r.print()
}

// ended tells of one that has ended.
func (r *upgradeReport) ended(o upgrade.Outcome) {
	one := upgradedOf(o.Step, "upgraded")
	one.Canary, one.Seconds = o.Canary, o.Took.Round(time.Millisecond).Seconds()
	how := fmt.Sprintf("upgraded in %s", o.Took.Round(100*time.Millisecond))
	if o.Err != nil {
		one.State, one.Reason = stateOf(o.Err), o.Err.Error()
		how = oneLine(one.Reason)
	}
	if one.State == "failed" {
		how = "FAILED: " + how
	}
	r.told.Steps = append(r.told.Steps, one)
	canary := ""
	if o.Canary {
		canary = "canary "
	}
	r.line("[%d/%d%s] %s%s: %s", len(r.told.Steps), len(r.choice.Steps), timeLeft(time.Since(r.begun), len(r.told.Steps), len(r.choice.Steps)), canary, stepLine(o.Step), how)
}

// timeLeft is how long the others take if they take as long as those so far.
func timeLeft(took time.Duration, done, all int) string {
	if done == all {
		return ""
	}
	return fmt.Sprintf(", %s left", (took / time.Duration(done) * time.Duration(all-done)).Round(time.Second))
}

func stateOf(err error) string {
	switch {
	case errors.Is(err, upgrade.ErrUnderWay):
		return "under way"
	case errors.Is(err, upgrade.ErrDeleted):
		return "deleted"
	case errors.Is(err, upgrade.ErrBusy):
		return "busy"
	}
	return "failed"
}

// end says what has become of all, and fails unless all are at their version
// that can be: who holds some back, or excepts them, knows of it.
func (r *upgradeReport) end(ctx context.Context, left []upgrade.Step) error {
	in := map[string]int{}
	for _, one := range r.told.Steps {
		in[one.State]++
	}
	failed, underWay, busy := in["failed"], in["under way"], in["busy"]+len(r.choice.Busy)
	for _, s := range left {
		r.told.Steps = append(r.told.Steps, upgradedOf(s, "not begun"))
	}
	r.line("%d upgraded, %d failed, %d not begun, %d under way, %d busy, %d deleted", in["upgraded"], failed, len(left), underWay, busy, in["deleted"])
	if err := r.print(); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; the broker goes on with the upgrades that were begun, and a later run with those that weren't")
	case failed > 0:
		return fmt.Errorf("%d failed, and are as they were before unless it says otherwise; mend the chart, have the broker read it again, and run this again: it goes on with what is left", failed)
	case underWay > 0:
		return fmt.Errorf("the broker doesn't answer any more, and %d may be under way; run this again when it does: it goes on with what is left", underWay)
	case busy > 0:
		return fmt.Errorf("%d are busy; run this again when their operations have ended", busy)
	case len(r.told.Damaged) > 0:
		return errors.New("records that can't be read may be of instances that aren't upgraded")
	}
	return nil
}

func (r *upgradeReport) print() error {
	if !r.json {
		return nil
	}
	return printJSON(r.out, r.told)
}

func stepLine(s upgrade.Step) string {
	organization := cmp.Or(s.Instance.OrganizationName, s.Instance.Organization, "-")
	return oneLine(fmt.Sprintf("%s, %s %s, org %s, %s → %s", s.Instance.ID, s.Instance.Service, s.Instance.Plan, organization, s.Instance.Version, s.To))
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
