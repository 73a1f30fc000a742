package instance

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestRoom: what a plan still admits is bounded by its own quota and by its service's,
// and an instance of a plan that isn't offered any more takes no room.
func TestRoom(t *testing.T) {
	services := offered(t, map[string]string{
		"Chart.yaml":       "apiVersion: v2\nname: db\nversion: 1.0.0\nannotations: {cf-helm-broker.io/quota: \"4\"}\n",
		"plans.yaml":       "- {name: small, description: s, file: plan.yaml, quota: 2}\n- {name: large, description: l, file: plan.yaml}\n",
		"plans/plan.yaml":  "{}\n",
		"templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
	})
	service := services[0].ID
	small, large := services[0].Plans[0].ID, services[0].Plans[1].ID
	for name, c := range map[string]struct {
		instances []record.Instance
		want      []measure.Plan
	}{
		"none": {nil, []measure.Plan{{Service: "db", Plan: "small", Left: 2, Bounded: true}, {Service: "db", Plan: "large", Left: 4, Bounded: true}}},
		"some": {
			[]record.Instance{{ServiceID: service, PlanID: small}, {ServiceID: service, PlanID: large}, {ServiceID: service, PlanID: large}},
			[]measure.Plan{{Service: "db", Plan: "small", Instances: 1, Left: 1, Bounded: true}, {Service: "db", Plan: "large", Instances: 2, Left: 1, Bounded: true}},
		},
		"on the move": {
			[]record.Instance{{ServiceID: service, PlanID: large, Update: &record.Update{PlanID: small}}},
			[]measure.Plan{{Service: "db", Plan: "small", Instances: 1, Left: 1, Bounded: true}, {Service: "db", Plan: "large", Instances: 1, Left: 3, Bounded: true}},
		},
		"more than there may be": {
			[]record.Instance{{ServiceID: service, PlanID: small}, {ServiceID: service, PlanID: small}, {ServiceID: service, PlanID: small}},
			[]measure.Plan{{Service: "db", Plan: "small", Instances: 3, Bounded: true}, {Service: "db", Plan: "large", Left: 1, Bounded: true}},
		},
		"not offered": {
			[]record.Instance{{ServiceID: "gone", PlanID: "p", Chart: record.Chart{Name: "old"}}, {ServiceID: "gone", PlanID: "p", Chart: record.Chart{Name: "old", Version: "2"}}},
			[]measure.Plan{{Service: "db", Plan: "small", Left: 2, Bounded: true}, {Service: "db", Plan: "large", Left: 4, Bounded: true}, {Service: "old", Plan: "p", Instances: 2}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := plansOf(services, c.instances); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestCounted: records are read once for as long as nothing has changed.
func TestCounted(t *testing.T) {
	var c counted
	reads := 0
	records := []record.Instance{{ID: "i", ServiceID: "s", PlanID: "p", Parameters: []byte("{}"), Update: &record.Update{PlanID: "q"}, Operation: record.Operation{State: record.InProgress, Started: time.Unix(1, 0)}}}
	read := func() []record.Instance { reads++; return records }
	for _, look := range []struct {
		seen  string
		reads int
	}{{"", 1}, {"", 2}, {"7", 3}, {"7", 3}, {"8", 4}} {
		got := c.of(func() string { return look.seen }, read)
		if reads != look.reads {
			t.Errorf("at %q it has read %d times, want %d", look.seen, reads, look.reads)
		}
		if len(got) != 1 || !planQuota(chart.Plan{ID: "p"}).counts(got[0]) || !planQuota(chart.Plan{ID: "q"}).counts(got[0]) || !oldest(got).Equal(time.Unix(1, 0)) {
			t.Errorf("it counts %+v", got)
		}
		if got[0].Parameters != nil {
			t.Error("it keeps more than it counts")
		}
	}
}

func offered(t *testing.T, files map[string]string) []chart.Service {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "chart")
	for name, text := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	catalog, err := chart.Load(folder)
	if err != nil || len(catalog.Services) != 1 {
		t.Fatalf("%v: %+v", err, catalog.Problems)
	}
	return catalog.Services
}

func TestOldest(t *testing.T) {
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	running := func(at time.Time) record.Instance {
		return record.Instance{Operation: record.Operation{State: record.InProgress, Started: at}}
	}
	done := record.Instance{Operation: record.Operation{State: record.Succeeded, Started: time.Unix(1, 0)}}
	if got := oldest([]record.Instance{done, running(late), running(early)}); !got.Equal(early) {
		t.Errorf("the oldest is of %s", got)
	}
	if got := oldest([]record.Instance{done}); !got.IsZero() {
		t.Errorf("one runs since %s", got)
	}
}
