package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/yamlfile"
)

// Plan is one entry of plans.yaml. What Kibosh doesn't know is optional.
type Plan struct {
	ID          string
	Name        string
	Description string
	Bullets     []string
	Free        bool
	Bindable    bool
	// File is the plan file, "plans/small.yaml"; empty for the plan that a
	// chart without plans.yaml has.
	File string

	// DisplayName is what the marketplace shows, by default the name.
	DisplayName string
	Costs       []Cost
	Schemas     Schemas
	// AllowedParameters are the only ones that a user may set, as paths such as
	// "persistence.size"; nil: the plan lists none, and takes none unless developers
	// are trusted (TakingAnything).
	AllowedParameters []string
	// AllowTemplates lets parameters hold template delimiters, which a chart's
	// tpl runs with the rights that Helm has.
	AllowTemplates bool
	// AllowedPlanChanges are the names of the plans that an instance may be
	// changed to; nil: all.
	AllowedPlanChanges []string
	// TimeLimit ends a create, update or delete; 0: the broker's own.
	TimeLimit time.Duration
	// MaximumPollingDuration is how long the platform waits for an operation;
	// 0: as long as it does by itself.
	MaximumPollingDuration time.Duration
	// Ports are those that bind opens; nil: all that the instance offers.
	Ports []Port
	// PoliciesPerBinding is how many policies a binding may open; 0: as the
	// broker's setting says.
	PoliciesPerBinding int
	// Quota is how many instances there may be; 0: any number.
	Quota int
	// Access is who finds the plan in the marketplace.
	Access Access
	// HoldUpgrades has `broker instances upgrade` leave the plan's instances as they are.
	HoldUpgrades bool
	// KeepData has volumes outlive their instance.
	KeepData bool
	// MayDeleteData lets an update to the plan, or of an instance of it, delete
	// volumes that hold data.
	MayDeleteData bool
	// KeepGenerated has an update keep what the chart generates in Secrets.
	KeepGenerated bool
	// AllowExposure lets instances be reached around container-to-container
	// policies: by LoadBalancer and NodePort Services and ports of nodes.
	AllowExposure bool
	// AllowStaging lets apps reach instances while they are being staged, where their
	// network tells that.
	AllowStaging bool
	// Destinations are shared services that bind opens beside the instance.
	Destinations []SharedService
	// WithAddresses has credentials hold addresses of pods, also where the broker
	// hands out names.
	WithAddresses bool
	// Ready says when objects of some kinds are ready.
	Ready []Readiness
	Isolation
	// Cluster is the plan's own cluster; nil: the broker's.
	Cluster *Kubeconfig

	// values is the plan file's text: a Go template that yields YAML.
	values []byte
	// trusting has a plan that lists no parameters take all.
	trusting bool
	// keeping has the plan take all, whatever it lists: see Keeping.
	keeping bool
	// reach are the chart's values that aren't its own alone.
	reach reach
}

// Cost is what a plan costs, as the catalog shows it.
type Cost struct {
	// Amount by currency, such as {"usd": 9.5}.
	Amount map[string]float64 `json:"amount"`
	// Unit is what is paid for, such as "MONTHLY".
	Unit string `json:"unit"`
}

var planName = regexp.MustCompile(`^[0-9a-z.\-]+$`)

// planEntry is one entry of plans.yaml: Kibosh's format and this broker's
// extras. Keys that it doesn't name are refused, so that a misspelt one
// doesn't go unnoticed.
type planEntry struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Bullets     []string `json:"bullets"`
	File        string   `json:"file"`
	Free        *bool    `json:"free"`
	Bindable    *bool    `json:"bindable"`
	// Credentials is a kubeconfig in plans/.
	Credentials string `json:"credentials"`

	DisplayName string `json:"display_name"`
	Costs       []Cost `json:"costs"`
	// Schemas are files in plans/.
	Schemas struct {
		Create string `json:"create"`
		Update string `json:"update"`
		Bind   string `json:"bind"`
	} `json:"schemas"`
	AllowedParameters      []string `json:"allowed_parameters"`
	AllowTemplates         bool     `json:"allow_templates"`
	AllowedPlanChanges     []string `json:"allowed_plan_changes"`
	TimeLimit              string   `json:"time_limit"`
	MaximumPollingDuration int      `json:"maximum_polling_duration"`
	// Ports are read by themselves, so that errors can name the plan.
	Ports      []json.RawMessage `json:"ports"`
	PerBinding int               `json:"policies_per_binding"`
	Quota      int               `json:"quota"`
	// Access is a word or a list.
	Access json.RawMessage `json:"access"`
	// Upgrade is "hold", or not there.
	Upgrade       string `json:"upgrade"`
	KeepData      bool   `json:"keep_data"`
	MayDeleteData bool   `json:"may_delete_data"`
	// KeepGenerated is true if it isn't there.
	KeepGenerated *bool `json:"keep_generated"`
	// Addresses is "pods", or not there.
	Addresses     string               `json:"addresses"`
	AllowExposure bool                 `json:"allow_exposure"`
	AllowStaging  bool                 `json:"allow_staging"`
	Destinations  []sharedServiceEntry `json:"destinations"`
	Ready         []readyEntry         `json:"ready"`

	isolationEntry
}

// loadPlans reads plans.yaml or plans.yml. Absent or empty, the chart has one
// plan, "default". service is the service's name.
func loadPlans(files *contents, service string) ([]Plan, error) {
	file, text, err := files.readEither("plans.yaml", "plans.yml")
	if err != nil {
		return nil, fmt.Errorf("reading the plans: %w", err)
	}
	var entries []planEntry
	if err := yamlfile.Decode(file, text, &entries); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return []Plan{defaultPlan(files.chart, service)}, nil
	}
	var plans []Plan
	for i, entry := range entries {
		plan, err := loadPlan(files, service, entry)
		if err != nil {
			return nil, fmt.Errorf("%s, entry %d: %w", file, i+1, err)
		}
		if slices.ContainsFunc(plans, func(p Plan) bool { return p.Name == plan.Name }) {
			return nil, fmt.Errorf("%s, entry %d: the plan name %q is used twice", file, i+1, plan.Name)
		}
		plan.reach = reachOf(files.chart)
		plans = append(plans, plan)
	}
	return plans, checkPlanChanges(file, plans)
}

func defaultPlan(c *helmchart.Chart, service string) Plan {
	const description = "Plan with default values"
	return Plan{
		ID:            PlanID(service, "default"),
		Name:          "default",
		DisplayName:   "default",
		Description:   description,
		Bullets:       []string{description},
		Free:          true,
		Bindable:      true,
		KeepGenerated: true,
		reach:         reachOf(c),
	}
}

func loadPlan(files *contents, service string, e planEntry) (Plan, error) {
	if !planName.MatchString(e.Name) {
		return Plan{}, fmt.Errorf("the plan name %q must match %s", e.Name, planName)
	}
	if e.File == "" {
		return Plan{}, fmt.Errorf("plan %q has no file; name one in plans/, it may be empty", e.Name)
	}
	plan := Plan{
		ID:          PlanID(service, e.Name),
		Name:        e.Name,
		Description: e.Description,
		Bullets:     e.Bullets,
		Free:        e.Free == nil || *e.Free,
		Bindable:    e.Bindable == nil || *e.Bindable,
		File:        path.Join("plans", filepath.ToSlash(e.File)),
	}
	if len(plan.Bullets) == 0 {
		plan.Bullets = []string{filled(plan.Description, plan.Name)}
	}
	var err error
	if plan.values, err = readPlanFile(files, "file", e.File); err == nil {
		err = plan.addExtras(files, e)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("plan %q: %w", e.Name, err)
	}
	return plan, nil
}

// readPlanFile reads a file in plans/ that a key of the entry names.
func readPlanFile(files *contents, key, name string) ([]byte, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%s %q must lie in plans/", key, name)
	}
	text, err := files.read(path.Join("plans", filepath.ToSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("plans/%s can't be read: %w", name, unpath(err))
	}
	return text, nil
}

// addExtras fills in what Kibosh doesn't know, and its cluster.
func (p *Plan) addExtras(files *contents, e planEntry) (err error) {
	p.MayDeleteData, p.PoliciesPerBinding = e.MayDeleteData, e.PerBinding
	p.KeepGenerated = e.KeepGenerated == nil || *e.KeepGenerated
	if e.PerBinding < 0 {
		return fmt.Errorf("policies_per_binding %d must be above 0; leave it out for the broker's own limit", e.PerBinding)
	}
	p.DisplayName, p.Costs, p.Quota, p.KeepData, p.AllowExposure, p.AllowStaging = e.DisplayName, e.Costs, e.Quota, e.KeepData, e.AllowExposure, e.AllowStaging
	p.AllowedParameters, p.AllowTemplates, p.AllowedPlanChanges = e.AllowedParameters, e.AllowTemplates, e.AllowedPlanChanges
	if p.WithAddresses = e.Addresses == "pods"; e.Addresses != "" && !p.WithAddresses {
		return fmt.Errorf("addresses %q must be pods, which has credentials hold addresses of pods; leave it out for what the broker's ADDRESSES says", e.Addresses)
	}
	if e.Quota < 0 {
		return fmt.Errorf("quota %d must be above 0; leave it out for any number of instances", e.Quota)
	}
	if e.MaximumPollingDuration < 0 || e.MaximumPollingDuration > math.MaxInt32 {
		return fmt.Errorf("maximum_polling_duration %d must be above 0, in seconds, and %d at most, which platforms can store", e.MaximumPollingDuration, math.MaxInt32)
	}
	p.MaximumPollingDuration = time.Duration(e.MaximumPollingDuration) * time.Second
	if e.TimeLimit != "" {
		if p.TimeLimit, err = time.ParseDuration(e.TimeLimit); err != nil || p.TimeLimit <= 0 {
			return fmt.Errorf("time_limit %q must be a duration such as 15m", e.TimeLimit)
		}
	}
	for _, c := range e.Costs {
		if len(c.Amount) == 0 || c.Unit == "" {
			return errors.New("each of costs needs amount and unit, such as {amount: {usd: 9.5}, unit: MONTHLY}")
		}
	}
	if e.Upgrade != "" && e.Upgrade != "hold" {
		return fmt.Errorf("upgrade %q must be hold, which has broker instances upgrade leave the plan's instances as they are; leave it out to have them upgraded", e.Upgrade)
	}
	p.HoldUpgrades = e.Upgrade == "hold"
	if p.Access, err = parseAccess(e.Access); err != nil {
		return err
	}
	if p.Ports, err = parsePorts(e.Ports); err != nil {
		return fmt.Errorf("ports: %w", err)
	}
	if p.Destinations, err = parseSharedServices(e.Destinations); err != nil {
		return fmt.Errorf("destinations: %w", err)
	}
	if p.Ready, err = parseReady(e.Ready); err != nil {
		return fmt.Errorf("ready: %w", err)
	}
	if p.Isolation, err = parseIsolation(e.isolationEntry); err != nil {
		return err
	}
	if p.Schemas, err = loadSchemas(files, e); err != nil {
		return err
	}
	if e.Credentials == "" {
		return nil
	}
	text, err := readPlanFile(files, "credentials", e.Credentials)
	if err != nil {
		return err
	}
	if p.Cluster, err = parseKubeconfig(text); err != nil {
		return fmt.Errorf("plans/%s: %w", e.Credentials, err)
	}
	return nil
}

func checkPlanChanges(file string, plans []Plan) error {
	for _, p := range plans {
		for _, name := range p.AllowedPlanChanges {
			if !slices.ContainsFunc(plans, func(other Plan) bool { return other.Name == name }) {
				return fmt.Errorf("%s: plan %q allows a change to %q, which isn't a plan of this chart", file, p.Name, name)
			}
		}
	}
	return nil
}

// unpath drops the path from a file error whose text already names the file.
func unpath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
