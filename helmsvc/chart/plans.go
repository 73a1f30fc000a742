package chart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"

	"sigs.k8s.io/yaml"
)

var planName = regexp.MustCompile(`^[0-9a-z.\-]+$`)

// planEntry is one entry of plans.yaml in Kibosh's format. Keys that it
// doesn't name are refused, so that a misspelt one doesn't go unnoticed.
type planEntry struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Bullets     []string `json:"bullets"`
	File        string   `json:"file"`
	Free        *bool    `json:"free"`
	Bindable    *bool    `json:"bindable"`
	// Credentials is Kibosh's kubeconfig of the plan's own cluster.
	Credentials string `json:"credentials"`
}

// loadPlans reads plans.yaml or plans.yml of a chart folder. Absent or empty,
// the chart has one plan, "default".
func loadPlans(folder, chartName string) ([]Plan, error) {
	file, text, err := readEither(folder, "plans.yaml", "plans.yml")
	if err != nil {
		return nil, fmt.Errorf("reading the plans: %w", err)
	}
	var entries []planEntry
	if err := yaml.UnmarshalStrict(text, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(entries) == 0 {
		return []Plan{defaultPlan(chartName)}, nil
	}
	var plans []Plan
	seen := map[string]bool{}
	for i, entry := range entries {
		plan, err := loadPlan(folder, chartName, entry)
		if err != nil {
			return nil, fmt.Errorf("%s, entry %d: %w", file, i+1, err)
		}
		if seen[plan.Name] {
			return nil, fmt.Errorf("%s, entry %d: the plan name %q is used twice", file, i+1, plan.Name)
		}
		seen[plan.Name] = true
		plans = append(plans, plan)
	}
	return plans, nil
}

func defaultPlan(chartName string) Plan {
	const description = "Plan with default values"
	return Plan{
		ID:          PlanID(chartName, "default"),
		Name:        "default",
		Description: description,
		Bullets:     []string{description},
		Free:        true,
		Bindable:    true,
	}
}

func loadPlan(folder, chartName string, e planEntry) (Plan, error) {
	if !planName.MatchString(e.Name) {
		return Plan{}, fmt.Errorf("the plan name %q must match %s", e.Name, planName)
	}
	if e.Credentials != "" {
		return Plan{}, fmt.Errorf("plan %q names a cluster of its own (credentials: %s), which this broker doesn't support: it installs into one cluster only", e.Name, e.Credentials)
	}
	if e.File == "" {
		return Plan{}, fmt.Errorf("plan %q has no file; name one in plans/, it may be empty", e.Name)
	}
	if !filepath.IsLocal(e.File) {
		return Plan{}, fmt.Errorf("plan %q: file %q must lie in plans/", e.Name, e.File)
	}
	values, err := os.ReadFile(filepath.Join(folder, "plans", e.File))
	if err != nil {
		return Plan{}, fmt.Errorf("plan %q: plans/%s can't be read: %w", e.Name, e.File, unpath(err))
	}
	plan := Plan{
		ID:          PlanID(chartName, e.Name),
		Name:        e.Name,
		Description: e.Description,
		Bullets:     e.Bullets,
		Free:        e.Free == nil || *e.Free,
		Bindable:    e.Bindable == nil || *e.Bindable,
		File:        path.Join("plans", filepath.ToSlash(e.File)),
		values:      values,
	}
	if plan.Description == "" {
		plan.Description = plan.Name
	}
	if len(plan.Bullets) == 0 {
		plan.Bullets = []string{plan.Description}
	}
	return plan, nil
}

// readEither returns the first of the named files that exists in folder, and
// no text if none does.
func readEither(folder string, names ...string) (name string, text []byte, err error) {
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return name, text, err
	}
	return names[0], nil, nil
}

// unpath drops the path from a file error whose text already names the file.
func unpath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
