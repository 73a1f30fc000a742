package upgrade

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Instance is one as its record has it.
type Instance struct {
	ID        string
	ServiceID string
	PlanID    string
	// Service and Plan are names.
	Service, Plan string
	// Version is the chart's.
	Version string
	// Organization is a GUID, and OrganizationName empty where the platform didn't say it.
	Organization, OrganizationName string
	// Unfit says why it can't be upgraded whatever the version; empty: it can.
	Unfit string
	// Busy says what has to end first; empty: nothing.
	Busy string
}

// Filter selects instances; what is empty selects all.
type Filter struct {
	Service, Plan string
	// Organization is a name or a GUID.
	Organization string
	// Except are the ids of instances that are left as they are.
	Except []string
	// Held has those selected as well whose plan holds upgrades back.
	Held bool
}

// Check fails if a word of it fits nothing that there is, and so may be mistyped: others
// would be upgraded than were meant, or none.
func (f Filter) Check(instances []Instance, offer Offer) error {
	for _, id := range f.Except {
		if !slices.ContainsFunc(instances, func(i Instance) bool { return i.ID == id }) {
			return fmt.Errorf("--except %s: it is none of those that could be upgraded; nothing was begun. broker instances list shows them", id)
		}
	}
	of := Filter{Service: f.Service, Plan: f.Plan}
	if !of.offered(offer) && !slices.ContainsFunc(instances, of.lets) {
		return fmt.Errorf("%s: the broker doesn't offer that, nor is there an instance of it; broker instances list shows them", of.words())
	}
	if of := (Filter{Organization: f.Organization}); f.Organization != "" && !slices.ContainsFunc(instances, of.lets) {
		return fmt.Errorf("--org %s: no instance is that organization's; broker instances list shows whose they are", f.Organization)
	}
	return nil
}

func (f Filter) offered(offer Offer) bool {
	for p := range maps.Values(offer) {
		if f.lets(Instance{Service: p.Service, Plan: p.Name}) {
			return true
		}
	}
	return false
}

// words are the service and plan as they were given.
func (f Filter) words() string {
	var words []string
	if f.Service != "" {
		words = append(words, "--service "+f.Service)
	}
	if f.Plan != "" {
		words = append(words, "--plan "+f.Plan)
	}
	return strings.Join(words, " ")
}

// Offer is what a broker offers: its plans, by their ids.
type Offer map[string]Plan

// Plan is one that is offered.
type Plan struct {
	// Service and Name are names.
	Service, Name string
	// Version is the chart's.
	Version string
	// Holds tells whether it holds upgrades back.
	Holds bool
}

func (f Filter) lets(i Instance) bool {
	return (f.Service == "" || f.Service == i.Service) && (f.Plan == "" || f.Plan == i.Plan) &&
		(f.Organization == "" || f.Organization == i.Organization || f.Organization == i.OrganizationName)
}

// Step is an upgrade of one instance.
type Step struct {
	Instance Instance
	To       string // the version
}

// Skipped is an instance that isn't upgraded, and why.
type Skipped struct {
	Instance Instance
	Why      string
}

// Choice is what there is to do.
type Choice struct {
	// Steps are in their order: one of each plan and version first, so that canaries are
	// of as many as possible.
	Steps []Step
	// Current counts those that are at the version already.
	Current int
	// Busy are to be upgraded later, Held when somebody says so, and Unfit not at all.
	Busy, Held, Unfit []Skipped
}

// Choose works out what there is to do.
func Choose(instances []Instance, only Filter, offer Offer) Choice {
	var c Choice
	instances = slices.SortedFunc(slices.Values(instances), func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	for _, i := range instances {
		plan, offered := offer[i.PlanID]
		switch {
		case !only.lets(i):
		case i.Unfit != "":
			c.Unfit = append(c.Unfit, Skipped{i, i.Unfit})
		case !offered:
			c.Unfit = append(c.Unfit, Skipped{i, "its plan isn't offered any more"})
		case same(i.Version, plan.Version):
			c.Current++
		case slices.Contains(only.Except, i.ID):
			c.Held = append(c.Held, Skipped{i, "it is excepted"})
		case plan.Holds && !only.Held:
			c.Held = append(c.Held, Skipped{i, "its plan holds upgrades back; --held has it upgraded"})
		case i.Busy != "":
			c.Busy = append(c.Busy, Skipped{i, i.Busy})
		default:
			c.Steps = append(c.Steps, Step{i, plan.Version})
		}
	}
	c.Steps = spread(c.Steps)
	return c
}

// same tells whether two versions are one: the catalog says 1.0.0 for a chart's v1.
func same(a, b string) bool {
	left, leftErr := semver.NewVersion(a)
	right, rightErr := semver.NewVersion(b)
	if leftErr != nil || rightErr != nil {
		return a == b
	}
	return left.Equal(right) && left.Metadata() == right.Metadata()
}

// spread takes the steps of each plan and version in turn.
func spread(steps []Step) []Step {
	kind := func(s Step) string { return s.Instance.ServiceID + "/" + s.Instance.PlanID + "/" + s.Instance.Version }
	before, turn := map[string]int{}, make(map[string]int, len(steps))
	for _, s := range steps {
		turn[s.Instance.ID] = before[kind(s)]
		before[kind(s)]++
	}
	return slices.SortedStableFunc(slices.Values(steps), func(a, b Step) int {
		return cmp.Compare(turn[a.Instance.ID], turn[b.Instance.ID])
	})
}
