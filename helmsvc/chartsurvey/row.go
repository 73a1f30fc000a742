package chartsurvey

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
)

// Outcome is what becomes of a chart that is offered as it is.
type Outcome string

// A chart passes if it can be offered with one plan and its own values; it needs
// something if a key of plans.yaml, a parameter, an operator or its dependencies make
// it pass; else it fails. A library chart is no service at all.
const (
	Passes  Outcome = "passes"
	Needs   Outcome = "needs"
	Fails   Outcome = "fails"
	Library Outcome = "library"
)

// Row is one chart's.
type Row struct {
	Path    string  `json:"path"`
	Chart   string  `json:"chart"`
	Version string  `json:"version,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Needs are all of what its plans need, and Why what it fails for.
	Needs []Reason `json:"needs,omitempty"`
	Why   []Reason `json:"why,omitempty"`
	// Bindable: one of its plans can be bound to. Rule is what makes the credentials
	// of the first such plan, "" for the raw form, and Credentials which of uri, host,
	// port, username and password they have.
	Bindable    bool     `json:"bindable"`
	Rule        string   `json:"rule,omitempty"`
	Credentials []string `json:"credentials,omitempty"`
	// Generated is what each update would change, since the chart generates it.
	Generated []string `json:"generated,omitempty"`
	Warnings  int      `json:"warnings"`
	Seconds   float64  `json:"seconds"`
	// RendererMemory is the peak of the processes that render, and CheckMemory of the
	// one that checks, in bytes; 0: not known.
	RendererMemory int64 `json:"renderer_memory"`
	CheckMemory    int64 `json:"check_memory"`
}

// Reason is what a chart needs or fails for: of which kind, for counting, and in words.
type Reason struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// usual are the keys of credentials that apps look for.
var usual = []string{"uri", "host", "port", "username", "password"}

// rowOf judges what was found of a chart.
func rowOf(path string, c chartcheck.Chart) Row {
	row := Row{Path: path, Chart: c.Name, Version: c.Version, Warnings: len(c.Warnings)}
	for _, m := range c.Mistakes {
		row.judge(m)
	}
	for _, plan := range c.Plans {
		row.add(plan)
	}
	row.Outcome = row.outcome()
	return row
}

func (r *Row) add(plan chartcheck.Plan) {
	r.Warnings += len(plan.Warnings)
	for _, g := range plan.Generated {
		if !slices.Contains(r.Generated, g) {
			r.Generated = append(r.Generated, g)
		}
	}
	for _, need := range plan.Needs {
		r.need(planKey.FindString(need), need)
	}
	for _, group := range plan.Operators {
		r.need("an operator", "an operator for "+group)
	}
	switch {
	case plan.Insists:
		for _, m := range plan.Mistakes {
			r.need("a parameter", m)
		}
	case len(plan.Mistakes) > plan.Lifted:
		for _, m := range plan.Mistakes {
			if !liftable.MatchString(m) {
				r.judge(m)
			}
		}
	}
	if plan.Bindable && !r.Bindable {
		r.Bindable, r.Rule = true, plan.Rule
		for _, f := range plan.Credentials {
			if slices.Contains(usual, f.Path) {
				r.Credentials = append(r.Credentials, f.Path)
			}
		}
		slices.SortFunc(r.Credentials, func(a, b string) int { return cmp.Compare(slices.Index(usual, a), slices.Index(usual, b)) })
	}
}

var (
	planKey = regexp.MustCompile(`^\w+`)
	// liftable are the mistakes that stand among a plan's needs already.
	liftable = regexp.MustCompile("set `pod_security: |`allow_exposure: true`")
)

func (r *Row) need(kind, text string) {
	if reason := (Reason{kind, text}); !slices.Contains(r.Needs, reason) {
		r.Needs = append(r.Needs, reason)
	}
}

// judge takes a mistake for what it is about.
func (r *Row) judge(mistake string) {
	kind := "others"
	for _, k := range kinds {
		if k.words.MatchString(mistake) {
			kind = k.kind
			break
		}
	}
	if kind == dependencies {
		r.need(kind, mistake)
		return
	}
	if reason := (Reason{kind, mistake}); !slices.Contains(r.Why, reason) {
		r.Why = append(r.Why, reason)
	}
}

func (r *Row) outcome() Outcome {
	switch {
	case len(r.Why) == 1 && r.Why[0].Kind == library:
		return Library
	case len(r.Why) > 0:
		return Fails
	case len(r.Needs) > 0:
		return Needs
	}
	return Passes
}

const (
	library      = "it is a library chart"
	dependencies = "helm dependency build"
	unchecked    = "it can't be checked"
)

// kinds tell mistakes apart, the first that matches counts.
var kinds = []struct {
	kind  string
	words *regexp.Regexp
}{
	{library, regexp.MustCompile(`type: library`)},
	{dependencies, regexp.MustCompile(`helm dependency build`)},
	{"API versions that are gone", regexp.MustCompile(`Kubernetes has not served`)},
	{"another Kubernetes is asked for", regexp.MustCompile(`kubeVersion`)},
	{"objects in other namespaces", regexp.MustCompile(`outside the instance's`)},
	{"it is too large", regexp.MustCompile(`too large|larger than|takes more than|holds? more than`)},
	{"no pod would ever serve", regexp.MustCompile(`no pod of the service instance`)},
	{"values that its schema refuses", regexp.MustCompile(`values\.schema\.json`)},
	{"what it renders to isn't valid", regexp.MustCompile(`what it renders to|it can't be read|has no metadata\.name|makes the same object`)},
	{"files that aren't valid", regexp.MustCompile(`isn't valid YAML|is expected, and it is|cannot load|validation:`)},
	{"templates that fail", regexp.MustCompile(`^(?:templates|charts)/|nil pointer|error calling|function ".*" not defined`)},
	{"bind.yaml", regexp.MustCompile(`bind\.ya?ml|bind template`)},
}
