package web

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// Register makes what /readyz tells metrics. The dependencies are checked at
// each scrape.
func (r Readiness) Register(registry prometheus.Registerer) {
	for name, check := range r.Dependencies {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "cf_helm_broker_dependency_up",
			Help:        "Whether what the broker depends on answers (1) or not (0).",
			ConstLabels: prometheus.Labels{"dependency": name},
		}, func() float64 { return oneIf(checkWithin(context.Background(), check) == nil) }))
	}
	for setting, problem := range r.Files {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "cf_helm_broker_file_usable",
			Help:        "Whether a setting's file can be used as it is now (1), or what was read before stays in force (0).",
			ConstLabels: prometheus.Labels{"setting": setting},
		}, func() float64 { return oneIf(problem() == nil) }))
	}
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cf_helm_broker_leading",
		Help: "Whether this replica carries operations through (1) or another does (0).",
	}, func() float64 { return oneIf(r.Leads()) }))
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cf_helm_broker_charts_left_out",
		Help: "Charts that can't be offered.",
	}, func() float64 {
		_, problems := r.Charts()
		return float64(len(problems))
	}))
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
