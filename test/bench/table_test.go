package main

import (
	"math"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   float64
	}{
		"none": {nil, 0}, "one": {[]float64{7}, 7}, "odd, unsorted": {[]float64{9, 1, 5}, 5},
		"even": {[]float64{4, 1, 3, 2}, 2.5}, "an outlier": {[]float64{1, 1, 1000}, 1},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("%s: the median of %v is %v, want %v", name, c.values, got, c.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	var hundred, thousand []float64
	for n := range 1000 {
		thousand = append(thousand, float64(1000-n))
		if n < 100 {
			hundred = append(hundred, float64(n+1))
		}
	}
	for name, c := range map[string]struct {
		values []float64
		share  float64
		want   float64
	}{
		"none": {nil, 0.99, 0}, "one": {[]float64{7}, 0.99, 7}, "p99 of 1..100": {hundred, 0.99, 99},
		"p99 of 1000..1": {thousand, 0.99, 990}, "all": {hundred, 1, 100}, "the least": {hundred, 0, 1},
		"p99 of few": {[]float64{3, 1, 2}, 0.99, 3},
	} {
		if got := quantile(c.values, c.share); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestQuantileLeavesValues(t *testing.T) {
	values := []float64{3, 1, 2}
	median(values)
	quantile(values, 0.5)
	if values[0] != 3 || values[2] != 2 {
		t.Errorf("the values were sorted in place: %v", values)
	}
}

func TestAims(t *testing.T) {
	for name, c := range map[string]struct {
		row    row
		missed int
	}{
		"no aim":                   {row{value: 5}, 0},
		"a ratio without an aim":   {row{value: 5}.to("(b)", 1, aim{}), 0},
		"at most, on the limit":    {row{value: 50}.is(atMost(50)), 0},
		"at most, above":           {row{value: 50.1}.is(atMost(50)), 1},
		"at least, on the limit":   {row{value: 3000}.is(atLeast(3000)), 0},
		"at least, below":          {row{value: 2999}.is(atLeast(3000)), 1},
		"none allowed, none there": {row{value: 0}.is(atMost(0)), 0},
		"ratio at most":            {row{value: 150}.to("(b)", 100, atMost(1.5)), 0},
		"ratio at most, above":     {row{value: 151}.to("(b)", 100, atMost(1.5)), 1},
		"ratio at least, below":    {row{value: 5}.to("(b)", 10, atLeast(0.6)), 1},
		"one of two":               {row{value: 200}.to("(b)", 100, atMost(1.5)).to("(a)", 2000, atMost(0.125)), 1},
		"both":                     {row{value: 300}.to("(b)", 100, atMost(1.5)).to("(a)", 2000, atMost(0.125)), 2},
		"a ratio to nothing":       {row{value: 1}.to("(b)", 0, atMost(1.5)), 1},
	} {
		if got := missed([]row{c.row}); got != c.missed {
			t.Errorf("%s: %d aims missed, want %d", name, got, c.missed)
		}
	}
	if ratio := (row{value: 30}).compared(check{baseline: "(b)", base: 120}); ratio != 0.25 {
		t.Errorf("the ratio of 30 to 120 is %v", ratio)
	}
	if ratio := (row{value: 30}).compared(check{baseline: "(b)"}); !math.IsNaN(ratio) {
		t.Errorf("the ratio of 30 to nothing is %v", ratio)
	}
}

func TestFigure(t *testing.T) {
	for value, want := range map[float64]string{0: "0", 120: "120", 0.125: "0.125", 1.5: "1.50", 12.34: "12.3", 123.4: "123", 3: "3", 0.0567: "0.057"} {
		if got := figure(value); got != want {
			t.Errorf("%v is written %q, want %q", value, got, want)
		}
	}
}

// TestTable marks what is missed, and only that.
func TestTable(t *testing.T) {
	var text strings.Builder
	printTable(&text, []row{
		row{name: "create", value: 200, unit: "ms", n: 11}.to("(b)", 100, atMost(1.5)).to("(a)", 2000, atMost(0.125)).note("PUT took %d ms", 7),
		row{name: "bind", value: 40, unit: "ms", n: 30}.is(atMost(50)),
		{name: "merge", value: 3, unit: "µs", n: 1},
	})
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(text.String()), "\n") {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"what value unit n ratio aim", "---- ----- ---- - ----- ---",
		"create 200 ms 11 2 × (b) ≤ 1.50 × MISSED", "0.100 × (a) ≤ 0.125 × met",
		"bind 40 ms 30 ≤ 50 ms met", "merge 3 µs 1", "", "create", "PUT took 7 ms", "", "1 aims missed",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the table is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestParseBenchmark(t *testing.T) {
	r, ok := parseBenchmark("BenchmarkMerge/wide-2   \t  120345\t      9876 ns/op\t    1234 B/op\t      12 allocs/op")
	if !ok || r.name != "go: Merge/wide (12 allocations)" || figure(r.value) != "9.88" || r.unit != "µs" || r.n != 120345 {
		t.Errorf("parsed %+v %v", r, ok)
	}
	if _, ok := parseBenchmark("ok  \texample.com/x\t1.2s"); ok {
		t.Error("a line that is no benchmark's was taken for one")
	}
}
