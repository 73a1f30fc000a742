package chart

import (
	"encoding/json"

	"github.com/Masterminds/semver/v3"
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// Catalog is what a set of charts offers. It is never changed once loaded, so
// any number of goroutines may read it.
type Catalog struct {
	// Services are the charts that are offered, the newest version of each.
	Services []Service
	// Older are the versions of those charts that aren't offered any more.
	Older []Service
	// Problems names the charts that were left out and why.
	Problems []Problem
}

// Service is one version of a chart, offered under the chart's name unless its
// tsmgr.yaml says another.
type Service struct {
	ID   string
	Name string
	// From is what people call the chart's place: its folder, or the address
	// that it was fetched from.
	From  string
	Plans []Plan
	// Digest is "sha256:<hex>" over every file of the chart, the plans
	// included: it changes when anything an operator can edit does.
	Digest string
	// Bind is the chart's bind.yaml, nil if it has none.
	Bind *bindtemplate.Template

	chart   *helmchart.Chart
	schema  map[string]any // for the catalog
	listing Listing
	archive []byte
	values  json.RawMessage // an operator's; see LoadOperators
	kibosh  bool            // values.yaml is rendered
	// overrides lie between values.yaml and each plan.
	overrides text
	seed      string        // the instance's for which it is rendered; see Seeded
	texts     *render.Texts // renders plans' files and the dashboard's address; nil: in this process
}

// Problem is a chart that could not be offered.
type Problem struct {
	// From is the chart's place.
	From string
	Err  error
	// Unfetched tells that its source couldn't be asked: it may be as good as ever.
	Unfetched bool
}

// Metadata is the chart's Chart.yaml.
func (s Service) Metadata() helmchart.Metadata { return *s.chart.Metadata }

// Version is the chart's version in semantic versioning's full form, which
// platforms insist on: "1.0.0" for a chart that calls itself "v1".
func (s Service) Version() string {
	version, err := semver.NewVersion(s.chart.Metadata.Version)
	if err != nil {
		return s.chart.Metadata.Version // Helm loads no such chart
	}
	return version.String()
}

// Archive is the whole chart as a .tgz, the broker's own files included, so
// that instances can be served from it when the catalog has moved on. See
// LoadArchive. It may hold secrets: plans' kubeconfigs.
func (s Service) Archive() []byte { return s.archive }

// Plan returns the plan with the given OSBAPI id.
func (s Service) Plan(id string) (Plan, bool) {
	for _, p := range s.Plans {
		if p.ID == id {
			return p, true
		}
	}
	return Plan{}, false
}

// Service returns the service that is offered under an OSBAPI id.
func (c Catalog) Service(id string) (Service, bool) {
	for _, s := range c.Services {
		if s.ID == id {
			return s, true
		}
	}
	return Service{}, false
}

// Find returns the service and the plan with the given OSBAPI ids. A plan is
// only found under its own service.
func (c Catalog) Find(serviceID, planID string) (Service, Plan, bool) {
	service, _ := c.Service(serviceID)
	plan, found := service.Plan(planID)
	return service, plan, found
}

// Digest returns the chart with the given digest, offered or not.
func (c Catalog) Digest(digest string) (Service, bool) {
	for _, services := range [][]Service{c.Services, c.Older} {
		for _, s := range services {
			if s.Digest == digest {
				return s, true
			}
		}
	}
	return Service{}, false
}
