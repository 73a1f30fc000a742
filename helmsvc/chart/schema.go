package chart

import (
	"encoding/json"
	"fmt"

	"helm.sh/helm/v3/pkg/chartutil"
)

// Schema is the chart's values.schema.json, nil if it has none: what an
// instance's parameters have to look like.
func (s Service) Schema() map[string]any {
	var schema map[string]any
	if err := json.Unmarshal(s.chart.Schema, &schema); err != nil {
		return nil // absent; a broken one is a Problem
	}
	return schema
}

// checkSchema finds a values.schema.json that isn't JSON.
func (s Service) checkSchema() error {
	if len(s.chart.Schema) == 0 || json.Valid(s.chart.Schema) {
		return nil
	}
	return fmt.Errorf("values.schema.json isn't valid JSON")
}

// Validate holds an instance's values against the schemas of the chart and of
// the subcharts that the values enable, as Helm will, before anything is made.
// The error names the field.
func (r Rendered) Validate() error {
	c, values := copyChart(r.Chart), copyValues(r.Values)
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return err
	}
	whole, err := chartutil.CoalesceValues(c, values)
	if err != nil {
		return err
	}
	return chartutil.ValidateAgainstSchema(c, whole)
}
