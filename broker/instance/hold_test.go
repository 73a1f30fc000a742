package instance

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestEndsProcesses gives up what has ended two processes, and going back what
// has ended two more; a delete never.
func TestEndsProcesses(t *testing.T) {
	const before, begun = "as it was before", 3
	for name, c := range map[string]struct {
		kind    record.Type
		holders string
		from    int
		words   string // of the reason; "": it goes on
	}{
		"a create, first":            {record.Create, "me", 0, ""},
		"a create after one death":   {record.Create, "a me", 0, ""},
		"a create after two":         {record.Create, "a b me", 0, "delete the service instance"},
		"an update after one":        {record.Modify, "a me", begun, ""},
		"an update after two, early": {record.Modify, "a b me", 0, before},
		"going back ended two more":  {record.Modify, "a b c d me", begun, "while going back"},
		"a delete after five":        {record.Delete, "a b c d e me", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := holding(nil, record.Instance{Update: &record.Update{From: c.from}, Operation: record.Operation{Type: c.kind, Holders: strings.Fields(c.holders)}})
			if w.endsProcesses() != (c.words != "") {
				t.Fatalf("ends processes: %t", w.endsProcesses())
			}
			if c.words == "" {
				return
			}
			reason := w.giveUp(t.Context()).Error()
			if !strings.HasPrefix(reason, "the broker's process ended twice while doing this") || !strings.Contains(reason, c.words) {
				t.Errorf("it failed with %q, want %q", reason, c.words)
			}
		})
	}
}

// holding is the work of a process named me.
func holding(records *record.Store, i record.Instance) *work {
	instances := &Instances{settings: Settings{Self: "me"}, records: records, metrics: measure.New(prometheus.NewRegistry())}
	return &work{Instances: instances, instance: i, progress: progress{written: i}, log: lager.NewLogger("test")}
}

// TestPutDown takes back the process's own name, and leaves alone what isn't its
// operation any more.
func TestPutDown(t *testing.T) {
	for name, c := range map[string]struct {
		now  func(o *record.Operation) // what became of the operation meanwhile
		want string                    // the holders that are left
	}{
		"nothing":                {func(*record.Operation) {}, "a"},
		"another took it up":     {func(o *record.Operation) { o.TakeUp("b") }, "a b"},
		"a newer one":            {func(o *record.Operation) { o.ID = "newer" }, "a me"},
		"it has ended":           {func(o *record.Operation) { o.State = record.Succeeded }, "a me"},
		"it was put off already": {func(o *record.Operation) { o.PutDown("me") }, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			records := refusing(t, "", nil, 0)
			made, err := records.CreateInstance(t.Context(), record.Instance{ID: "one", Operation: record.Operation{ID: "its", State: record.InProgress, Holders: []string{"a", "me"}}})
			if err != nil {
				t.Fatal(err)
			}
			w := holding(records, made)
			old := made
			c.now(&made.Operation)
			if _, err := records.UpdateInstance(t.Context(), made); err != nil {
				t.Fatal(err)
			}
			w.PutDown(t.Context(), old, func() bool { return false })
			left, err := records.LiveInstance(t.Context(), "one")
			if err != nil || !slices.Equal(left.Operation.Holders, strings.Fields(c.want)) {
				t.Errorf("left with %v, want %s; %v", left.Operation.Holders, c.want, err)
			}
		})
	}
}
