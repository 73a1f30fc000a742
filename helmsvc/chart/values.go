package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/yamlfile"
)

// Rendered is a chart with the values of one instance, ready to be installed.
type Rendered struct {
	// Chart is a copy of its own: Helm's dependency processing changes it.
	Chart *helmchart.Chart
	// Values is plan ⊕ parameters; Helm lays them over the chart's own.
	Values map[string]any
	// AllowExposure is the plan's.
	AllowExposure bool
	// Bindable is the plan's: there has to be something to bind to.
	Bindable bool
	// MayDeleteData is the plan's.
	MayDeleteData bool
	// Again are the values when plan files are rendered once more: what they generate
	// differs. nil: an update keeps nothing that is generated.
	Again map[string]any

	// generated are the values that files of values have asked for.
	generated generatedValues
}

// Render computes an instance's values. Order: values.yaml ⊕ the plan file,
// rendered first as a Go template with the chart's helpers, ⊕ the user's
// parameters, never templated. Maps are merged deeply, lists are replaced and
// null removes a key. parameters is a JSON object, null or empty.
func (s Service) Render(ctx context.Context, plan Plan, release, namespace string, parameters json.RawMessage) (Rendered, error) {
	values, generated, err := s.planValues(ctx, plan, release, namespace)
	if err != nil {
		return Rendered{}, err
	}
	params, err := DecodeParameters(parameters)
	if err != nil {
		return Rendered{}, err
	}
	return Rendered{
		Chart: copyChart(s.chart), Values: merge(values, params),
		AllowExposure: plan.AllowExposure, Bindable: plan.Bindable, MayDeleteData: plan.MayDeleteData,
		generated: generated,
	}, nil
}

// RenderUpdate is Render for an update, which keeps what is generated unless the
// plan says otherwise.
func (s Service) RenderUpdate(ctx context.Context, plan Plan, release, namespace string, parameters json.RawMessage) (Rendered, error) {
	what, err := s.Render(ctx, plan, release, namespace, parameters)
	if err != nil || !plan.KeepGenerated {
		return what, err
	}
	again, err := s.Render(ctx, plan, release, namespace, parameters)
	what.Again = again.Values
	return what, err
}

// DecodeParameters decodes a user's parameters: a JSON object, null or
// nothing. Whole numbers stay whole, as those of `helm install --set` do: a
// template prints 1000000 and not 1e+06, and what a developer wrote is kept.
func DecodeParameters(parameters json.RawMessage) (map[string]any, error) {
	if len(parameters) == 0 {
		return map[string]any{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(parameters))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil {
		return nil, fmt.Errorf("parameters are not valid JSON: %w", err)
	}
	if decoded == nil {
		return map[string]any{}, nil
	}
	object, ok := exactNumbers(decoded).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("parameters must be a JSON object such as {\"key\": \"value\"}")
	}
	return object, nil
}

// MergeParameters lays an update's parameters over those so far, in the same
// way as parameters are laid over a plan.
func MergeParameters(sofar, update json.RawMessage) (json.RawMessage, error) {
	base, err := DecodeParameters(sofar)
	if err != nil {
		return nil, err
	}
	over, err := DecodeParameters(update)
	if err != nil {
		return nil, err
	}
	return json.Marshal(merge(base, over))
}

// Computed returns what the chart's own templates see as .Values when given is
// laid over what the chart and its subcharts bring along.
func (s Service) Computed(given map[string]any) (map[string]any, error) {
	_, whole, err := computed(s.chart, given)
	return whole, err
}

// computed lays values over a chart's, as Helm does, and returns besides them
// the chart as it is then: without the subcharts that the values disable.
func computed(c *helmchart.Chart, given map[string]any) (*helmchart.Chart, map[string]any, error) {
	c, given = copyChart(c), copyValues(given)
	if err := chartutil.ProcessDependenciesWithMerge(c, given); err != nil {
		return nil, nil, err
	}
	whole, err := chartutil.CoalesceValues(c, given)
	return c, whole, err
}

// planValues are what is laid over values.yaml for a plan: what of values.yaml
// itself is rendered, the offer's overrides and the plan file.
func (s Service) planValues(ctx context.Context, plan Plan, release, namespace string) (map[string]any, generatedValues, error) {
	values, err := s.kiboshValues(ctx, release, namespace)
	if err != nil {
		return nil, nil, err
	}
	overrides, generated, err := s.renderValues(ctx, s.overrides, release, namespace)
	if err != nil {
		return nil, nil, fmt.Errorf("the values of %s: %w", source.OfferFile, err)
	}
	of, more, err := s.renderValues(ctx, text{name: plan.File, content: plan.values}, release, namespace)
	if err != nil {
		return nil, nil, fmt.Errorf("the values of plan %q: %w", plan.Name, err)
	}
	maps.Copy(generated, more)
	return merge(merge(values, overrides), of), generated, nil
}

// renderValues renders a file of values as if it were a template of the chart, so
// that the chart's helpers, .Release, .Chart and .Values are at hand. It then
// holds what `helm install -f` would read from it: each number is a float64, as
// those of values.yaml are, since templates can't compare one kind with another.
func (s Service) renderValues(ctx context.Context, t text, release, namespace string) (map[string]any, generatedValues, error) {
	if len(bytes.TrimSpace(t.content)) == 0 {
		return map[string]any{}, generatedValues{}, nil
	}
	read, err := readTemplate(t.name, t.content)
	if err != nil {
		return nil, nil, err
	}
	filled, generated, err := fill(read, s.seed)
	if err != nil {
		return nil, nil, err
	}
	t.content = filled
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	rendered, err := s.renderText(ctx, t, map[string]any{}, options)
	if err != nil {
		return nil, nil, generated.hide(err)
	}
	asJSON, err := yaml.YAMLToJSONStrict([]byte(rendered))
	if err != nil {
		return nil, nil, yamlfile.Mistake(t.name, generated.hide(err))
	}
	values := map[string]any{}
	if err := json.Unmarshal(asJSON, &values); err != nil {
		return nil, nil, fmt.Errorf("%s must be a YAML map", t.name)
	}
	if values == nil { // the file says null
		values = map[string]any{}
	}
	return values, generated, nil
}

// merge lays over on top of base and returns a new map. Helm's own
// chartutil.MergeTables isn't used because it prints values it can't merge
// into the process's log.
func merge(base, over map[string]any) map[string]any {
	merged := maps.Clone(base)
	for key, value := range over {
		below, belowIsMap := merged[key].(map[string]any)
		above, aboveIsMap := value.(map[string]any)
		if belowIsMap && aboveIsMap {
			value = merge(below, above)
		}
		merged[key] = value
	}
	return merged
}
