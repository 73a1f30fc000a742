package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Readiness is what /readyz tells. What depends on others, Kubernetes and the
// policy API, stands in its body but doesn't make it unready: a broker that
// gets no requests could tell nobody why it can't serve them.
type Readiness struct {
	// Leads tells whether this replica carries operations through.
	Leads func() bool
	// Synced tells whether the records have been read once.
	Synced func() bool
	// Charts returns what is offered and what was left out, as it is now.
	Charts func() ([]OfferedChart, []ChartProblem)
	// Operators returns the states of the operators, as JSON shows them.
	Operators func() any
	// Dependencies are checked at each request, by name.
	Dependencies map[string]func(context.Context) error
	// Hints say what the settings cost, and what would spare it.
	Hints []string
	// Files are those that are read again while the broker runs, by setting:
	// each returns why its file can't be used as it is now.
	Files map[string]func() error
}

// OfferedChart is a chart of the catalog.
type OfferedChart struct {
	Service string `json:"service"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	// Cut says what of the chart the catalog doesn't show.
	Cut []string `json:"cut,omitempty"`
}

// ChartProblem is a chart that was left out of the catalog.
type ChartProblem struct {
	Chart string `json:"chart"`
	Error string `json:"error"`
}

type readinessBody struct {
	Ready        bool              `json:"ready"`
	Leading      bool              `json:"leading"`
	Services     []OfferedChart    `json:"services"`
	LeftOut      []ChartProblem    `json:"charts_left_out"`
	Operators    any               `json:"operators"`
	Dependencies map[string]string `json:"dependencies"`
	Files        map[string]string `json:"files"`
	Hints        []string          `json:"hints"`
}

// patience bounds the check of one dependency.
const patience = 2 * time.Second

func healthy(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("ok\n"))
}

func (r Readiness) serve(w http.ResponseWriter, request *http.Request) {
	offered, problems := r.Charts()
	body := readinessBody{
		Ready:        r.Synced(),
		Leading:      r.Leads(),
		Services:     append([]OfferedChart{}, offered...),
		LeftOut:      append([]ChartProblem{}, problems...),
		Operators:    r.Operators(),
		Dependencies: map[string]string{},
		Files:        map[string]string{},
		Hints:        append([]string{}, r.Hints...),
	}
	for setting, problem := range r.Files {
		body.Files[setting] = "ok"
		if err := problem(); err != nil {
			body.Files[setting] = err.Error()
		}
	}
	for name, check := range r.Dependencies {
		body.Dependencies[name] = "ok"
		if err := checkWithin(request.Context(), check); err != nil {
			body.Dependencies[name] = err.Error()
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if !body.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(body)
}

func checkWithin(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return check(ctx)
}
