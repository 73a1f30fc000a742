package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// text is a template that isn't one of the chart's own.
type text struct {
	// name is what errors call it.
	name    string
	content []byte
	// most is the processor time that it may take; 0: as much as a chart may.
	most time.Duration
}

// renderText renders a text as if it were one of the chart's templates, in a
// sandbox if there is one: it may loop without end, as a chart may. One that
// holds no template is what it is.
func (s Service) renderText(ctx context.Context, t text, over map[string]any, options chartutil.ReleaseOptions) (string, error) {
	if !bytes.Contains(t.content, []byte("{{")) {
		return string(t.content), nil
	}
	const file = "templates/broker-text.yaml"
	c := copyChart(s.chart)
	keepHelpers(c)
	c.Templates = append(c.Templates, &helmchart.File{Name: file, Data: t.content})
	rendered, err := s.renderIn(ctx, render.Input{Chart: c, Values: copyValues(over), Release: options}, file, t.most)
	var exceeded *render.ExceededError
	switch {
	case err == nil:
		return rendered, nil
	case ctx.Err() != nil:
		return "", err
	case errors.As(err, &exceeded):
		return "", fmt.Errorf("rendering %s takes more than %s", t.name, exceeded.What)
	}
	// The chart author knows the text by its own name.
	return "", errors.New(strings.ReplaceAll(err.Error(), path.Join(c.Name(), file), t.name))
}

func (s Service) renderIn(ctx context.Context, in render.Input, file string, most time.Duration) (string, error) {
	if s.texts != nil {
		return s.texts.Render(ctx, in, file, most)
	}
	values, err := chartutil.ToRenderValues(in.Chart, in.Values, in.Release, nil)
	if err != nil {
		return "", err
	}
	files, err := render.Alone(in.Chart, values)
	return files[path.Join(in.Chart.Name(), file)], err
}

// keepHelpers keeps, of a chart and its subcharts, the templates that only
// define: rendering the others for a plan file would be wasted and could fail
// for want of the plan's values, and so could the schema.
func keepHelpers(c *helmchart.Chart) {
	c.Schema = nil
	c.Metadata.Dependencies = nil // helpers of those that values disable are kept, too
	c.Templates = slices.DeleteFunc(slices.Clone(c.Templates), func(t *helmchart.File) bool {
		return path.Base(t.Name)[0] != '_'
	})
	for _, d := range c.Dependencies() {
		keepHelpers(d)
	}
}
