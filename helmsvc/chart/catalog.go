package chart

import (
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
)

// Catalog is what one folder of charts offers. It is never changed once
// loaded, so any number of goroutines may read it.
type Catalog struct {
	Services []Service
	// Problems names the charts that were left out and why.
	Problems []Problem
}

// Service is one chart, offered under the chart's name.
type Service struct {
	ID string
	// Folder is the chart's folder, below the one that was given to Load.
	Folder string
	Plans  []Plan
	// Digest is "sha256:<hex>" over every file of the chart's folder, the
	// plans included: it changes when anything an operator can edit does.
	Digest string
	// Bind is the chart's bind.yaml, nil if it has none.
	Bind *bindtemplate.Template

	chart *helmchart.Chart
}

// Plan is one entry of plans.yaml.
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

	// values is the plan file's text: a Go template that yields YAML.
	values []byte
}

// Problem is a chart that could not be offered.
type Problem struct {
	// Path is the chart's folder as it was given to Load.
	Path string
	Err  error
}

// Metadata is the chart's Chart.yaml.
func (s Service) Metadata() helmchart.Metadata { return *s.chart.Metadata }

// Find returns the service and the plan with the given OSBAPI ids. A plan is
// only found under its own service.
func (c Catalog) Find(serviceID, planID string) (Service, Plan, bool) {
	for _, s := range c.Services {
		if s.ID != serviceID {
			continue
		}
		for _, p := range s.Plans {
			if p.ID == planID {
				return s, p, true
			}
		}
	}
	return Service{}, Plan{}, false
}
