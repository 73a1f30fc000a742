package render

import (
	"context"
	"fmt"
	"path"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// Texts renders texts that aren't a chart's own as if they were templates of it,
// one at a time, so that all together use no more memory than one may. Tenants
// take turns, apart from those for charts: a text takes milliseconds, and a
// request waits for it.
type Texts struct {
	renderer *Renderer
	turns    *fair.Semaphore
}

// NewTexts returns one that renders within the renderer's limits.
func NewTexts(r *Renderer) *Texts { return &Texts{renderer: r, turns: fair.NewSemaphore(1)} }

// Render returns what the chart's template named file yields. No more processor
// time is used than most; 0: than a chart may. The error is an *ExceededError if
// the text uses more than it may, and has the words of ErrNoLookup if it looks
// something up.
func (t *Texts) Render(ctx context.Context, in Input, file string, most time.Duration) (string, error) {
	if err := t.turns.Take(ctx, fair.TenantOf(ctx)); err != nil {
		return "", fmt.Errorf("waiting for others to be rendered: %w", err)
	}
	defer t.turns.Give(fair.TenantOf(ctx))
	limits := t.renderer.Limits
	if most > 0 {
		limits.Time = min(limits.Time, most)
	}
	in.alone = true
	result, err := t.renderer.work(ctx, in, limits)
	return result.Files[nameOf(in.Chart, file)], err
}

// nameOf is what the engine calls a file of the chart.
func nameOf(c *helmchart.Chart, file string) string { return path.Join(c.Name(), file) }
