package render_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

const textFile = "templates/text"

func textOf(template string, values map[string]any) render.Input {
	c := chartOf("c", map[string]string{"_help.tpl": `{{ define "help" }}helped{{ end }}`})
	c.Templates = append(c.Templates, &helmchart.File{Name: textFile, Data: []byte(template)})
	return inputOf(c, values)
}

// TestTexts has a text rendered with the chart's helpers, and ended by its bounds.
func TestTexts(t *testing.T) {
	texts := render.NewTexts(renderer(t))
	got, err := texts.Render(t.Context(), textOf("{{ include \"help\" . }} {{ .Values.x }} {{`{{`}}", map[string]any{"x": int64(1)}), textFile, 0)
	if err != nil || got != "helped 1 {{" {
		t.Errorf("%q, %v", got, err)
	}
	// On a busy machine time may be up before the memory is.
	busy := []string{"4s, what it looks up included", "1s of processor time"}
	for template, what := range map[string]string{
		`{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}`: "1s of processor time",
		`{{ range until 400000000 }}{{ end }}`:                                 "128 MB of memory",
		`{{ repeat 2000000 "x" }}`:                                             "1 MB of manifests",
	} {
		var exceeded *render.ExceededError
		if _, err := texts.Render(t.Context(), textOf(template, nil), textFile, time.Second); !errors.As(err, &exceeded) || exceeded.What != what && !slices.Contains(busy, exceeded.What) {
			t.Errorf("%s: %v", template, err)
		}
	}
	if _, err := texts.Render(t.Context(), textOf(`{{ lookup "v1" "Secret" "n" "x" }}`, nil), textFile, 0); err == nil || !strings.Contains(err.Error(), render.ErrNoLookup.Error()) {
		t.Errorf("a lookup: %v", err)
	}
	if _, err := texts.Render(t.Context(), textOf(`{{ fail "no" }}`, nil), textFile, 0); err == nil || !strings.Contains(err.Error(), "no") {
		t.Error(err)
	}
}

// TestTextsTakeTurns: who waits longer than it may is told, and one text at a time
// is rendered.
func TestTextsTakeTurns(t *testing.T) {
	texts := render.NewTexts(renderer(t))
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			_, _ = texts.Render(fair.WithTenant(context.Background(), "greedy"), textOf(`{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}`, nil), textFile, time.Second)
		})
	}
	// At most one of them stands before another tenant's.
	if got, err := texts.Render(fair.WithTenant(t.Context(), "other"), textOf("x{{/**/}}", nil), textFile, 0); err != nil || got != "x" {
		t.Errorf("%q, %v", got, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := texts.Render(ended, textOf("x{{/**/}}", nil), textFile, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	all.Wait()
}
