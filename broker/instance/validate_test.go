package instance

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestKeptParameters: what an instance was given before plans that list no parameters took
// none is kept by such plans, and a change of plan brings in nothing that only the other
// one took.
func TestKeptParameters(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"Chart.yaml":   "apiVersion: v2\nname: c\nversion: 1.0.0\n",
		"plans.yaml":   "- {name: open, file: p.yaml}\n- {name: wide, file: p.yaml}\n- {name: one, file: p.yaml, allowed_parameters: [a]}\n- {name: none, file: p.yaml, allowed_parameters: []}\n",
		"plans/p.yaml": "",
	} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	catalog, err := chart.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	service := catalog.Services[0]
	var live chart.Live
	live.Replace(catalog)
	plan := func(name string) chart.Plan {
		found, _ := service.Plan(chart.PlanID("c", name))
		return found
	}
	for name, c := range map[string]struct {
		from, to string
		trusting bool
		kept     bool
	}{
		"stays":                           {"open", "open", false, true},
		"to another without a list":       {"open", "wide", false, true},
		"to one that lists it":            {"open", "one", false, true},
		"to one that takes none":          {"open", "none", false, false},
		"from one that lists it":          {"one", "open", false, false},
		"from one that lists it, trusted": {"one", "open", true, true},
		"stays where it is listed":        {"one", "one", false, true},
		"stays where it isn't any more":   {"none", "none", false, true},
	} {
		instances := &Instances{settings: Settings{AnyParameters: c.trusting}, charts: locate.NewCharts(&live, nil, nil)}
		i := record.Instance{PlanID: plan(c.from).ID, Chart: locate.ChartOf(service)}
		for parameters, kept := range map[string]bool{`{"a":1}`: c.kept, `{}`: true, ``: true, `{"global":{"a":1}}`: false} {
			err := instances.checkKept(t.Context(), i, plan(c.to), json.RawMessage(parameters))
			var refused *locate.InvalidError
			if (err == nil) != kept || err != nil && !errors.As(err, &refused) {
				t.Errorf("%s: %s: error %v, want it kept: %t", name, parameters, err, kept)
			}
		}
	}
}
