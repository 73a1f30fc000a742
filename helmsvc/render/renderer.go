package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// Renderer renders charts. Its methods may be called from any number of
// goroutines, and each has memory of its own: callers bound how many.
type Renderer struct {
	Workers *sandbox.Workers
	// Limits are those of one chart's rendering.
	Limits sandbox.Limits
	// Output is how long what a chart renders may be altogether, in bytes.
	Output int
}

// patience is how many times the processor time that it may take a rendering
// may wait for a busy machine, and for what its templates look up.
const patience = 4

// Input is what is rendered.
type Input struct {
	Chart *helmchart.Chart
	// Values are laid over the chart's own.
	Values       map[string]any
	Release      chartutil.ReleaseOptions
	Capabilities *chartutil.Capabilities
	// Lookup reaches the cluster for templates that look something up there, with
	// the rights that they have; nil: they find nothing.
	Lookup *rest.Config
	// alone: what looks something up fails.
	alone bool
}

// Render returns a chart whose templates are what the given chart's templates
// yield, and which renders to just that: it has the same name, values and
// crds/, without those of subcharts that the values switch off. The error is
// an *ExceededError if the chart uses more than it may, or says in Helm's words
// what is wrong with the chart or its values.
func (r *Renderer) Render(ctx context.Context, in Input) (*helmchart.Chart, error) {
	result, err := r.work(ctx, in, r.Limits)
	if err != nil {
		return nil, err
	}
	return rendered(in.Chart, result), nil
}

// RenderTwice is Render, and once more from the same chart, with again as values:
// what the chart generates is what differs. What its templates look up is answered
// in the same way.
func (r *Renderer) RenderTwice(ctx context.Context, in Input, again map[string]any) (first, second *helmchart.Chart, err error) {
	lookups, err := newLookups(in.Lookup)
	if err != nil {
		return nil, nil, err
	}
	lookups.remember()
	result, err := r.workWith(ctx, in, r.Limits, lookups)
	if err != nil {
		return nil, nil, err
	}
	first = rendered(in.Chart, result)
	lookups.count = 0
	in.Values = again
	if result, err = r.workWith(ctx, in, r.Limits, lookups); err != nil {
		return nil, nil, err
	}
	return first, rendered(in.Chart, result), nil
}

// work has a sandbox render the chart within the limits.
func (r *Renderer) work(ctx context.Context, in Input, limits sandbox.Limits) (answer, error) {
	lookups, err := newLookups(in.Lookup)
	if err != nil {
		return answer{}, err
	}
	return r.workWith(ctx, in, limits, lookups)
}

func (r *Renderer) workWith(ctx context.Context, in Input, limits sandbox.Limits, lookups *lookups) (answer, error) {
	t := task{
		Chart: treeOf(in.Chart), Values: encodeValues(in.Values), Release: in.Release,
		Capabilities: in.Capabilities, Lookup: in.Lookup != nil, Alone: in.alone, Output: r.Output,
	}
	bounded, stop := context.WithTimeout(ctx, patience*limits.Time)
	defer stop()
	var result answer
	var exceeded *ExceededError
	err := r.Workers.Do(bounded, HandleName, limits, t, &result, lookups.answer)
	switch {
	case ctx.Err() != nil:
		return answer{}, context.Cause(ctx)
	case bounded.Err() != nil:
		return answer{}, &ExceededError{What: fmt.Sprintf("%s, what it looks up included", patience*limits.Time)}
	case errors.As(err, &exceeded):
		return answer{}, exceeded
	case errors.Is(err, sandbox.ErrTime):
		return answer{}, &ExceededError{What: fmt.Sprintf("%s of processor time", limits.Time)}
	case errors.Is(err, sandbox.ErrMemory):
		return answer{}, &ExceededError{What: fmt.Sprintf("%d MB of memory", limits.Memory>>20)}
	case err != nil:
		return answer{}, fmt.Errorf("rendering the chart in a process of its own: %w", err)
	case result.TooLong:
		return answer{}, &ExceededError{What: fmt.Sprintf("%d MB of manifests", r.Output>>20)}
	case result.TooDense:
		return answer{}, &ExceededError{What: fmt.Sprintf("%d values in its manifests", mostValues)}
	case result.Error != "":
		return answer{}, errors.New(result.Error)
	}
	return result, nil
}

// ExceededError says that rendering a chart took more than it may.
type ExceededError struct {
	// What was exceeded, such as "20s of processor time".
	What string
}

func (e *ExceededError) Error() string {
	return "rendering the chart takes more than " + e.What
}

// task is what a sandbox gets.
type task struct {
	Chart        tree                     `json:"chart"`
	Values       json.RawMessage          `json:"values"`
	Release      chartutil.ReleaseOptions `json:"release"`
	Capabilities *chartutil.Capabilities  `json:"capabilities"`
	Lookup       bool                     `json:"lookup"`
	Alone        bool                     `json:"alone"`
	Output       int                      `json:"output"`
}

// answer is what it answers.
type answer struct {
	// Files are what the templates yield, by their paths in the chart.
	Files map[string]string `json:"files,omitempty"`
	// Definitions are the paths of the files in crds/ that count.
	Definitions []string `json:"definitions,omitempty"`
	Error       string   `json:"error,omitempty"`
	TooLong     bool     `json:"too_long,omitempty"`
	TooDense    bool     `json:"too_dense,omitempty"`
}
