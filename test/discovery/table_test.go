package discovery

import (
	"reflect"
	"testing"
	"time"
)

// TestPrune goes through the life of names, second by second.
func TestPrune(t *testing.T) {
	begin := time.Now()
	now := begin
	table := newTable(Options{Staleness: 3 * time.Second, Interval: 2 * time.Second}, func() time.Time { return now })
	for _, step := range []struct {
		at   int // seconds
		does func()
		want []string
	}{
		{0, func() { table.add([]string{"a"}, "1") }, []string{"1"}},
		{1, func() { table.add([]string{"A."}, "2") }, []string{"1", "2"}},
		{3, table.prune, []string{"1", "2"}}, // as old as may be
		{4, table.prune, []string{"2"}},
		{4, table.pause, []string{"2"}},
		{9, table.prune, []string{"2"}},
		{9, table.resume, []string{"2"}},
		{10, table.prune, []string{"2"}}, // whoever publishes has time to do it again
		{11, table.prune, nil},
		{11, func() { table.add([]string{"a"}, "3") }, []string{"3"}},
		{12, func() { table.remove([]string{"b", "a"}, "3") }, nil},
	} {
		now = begin.Add(time.Duration(step.at) * time.Second)
		step.does()
		if got, _ := table.lookup("a"); !reflect.DeepEqual(got, step.want) {
			t.Errorf("second %d: %v, want %v", step.at, got, step.want)
		}
	}
}
