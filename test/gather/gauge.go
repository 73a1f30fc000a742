// Package gather reads metrics for tests, as a scrape would.
package gather

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Gauges are the values of a registry's gauges that have one series, by their names.
func Gauges(t *testing.T, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		found[family.GetName()] = family.GetMetric()[0].GetGauge().GetValue()
	}
	return found
}

// Gauge is one of them. It fails the test if there is none of that name.
func Gauge(t *testing.T, registry prometheus.Gatherer, name string) float64 {
	t.Helper()
	value, there := Gauges(t, registry)[name]
	if !there {
		t.Fatalf("there is no %s", name)
	}
	return value
}
