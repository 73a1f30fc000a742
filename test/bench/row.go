package main

import (
	"fmt"
	"math"
	"slices"
)

// row is a line of the table.
type row struct {
	name   string
	value  float64
	unit   string
	n      int // how many times it was measured; a median where that is above 1
	checks []check
	notes  []string
}

// check compares a row's value, or its ratio to a baseline, with an aim.
type check struct {
	baseline string  // what the ratio is to; "" if the value itself is compared
	base     float64 // its value
	aim      aim
}

// aim is a bound. The zero value is none: it is always met.
type aim struct {
	relation string
	limit    float64
}

func atMost(limit float64) aim  { return aim{"≤", limit} }
func atLeast(limit float64) aim { return aim{"≥", limit} }

func (a aim) met(value float64) bool {
	switch a.relation {
	case "≤":
		return value <= a.limit
	case "≥":
		return value >= a.limit
	}
	return true
}

// is adds an aim for the value itself.
func (r row) is(a aim) row {
	r.checks = append(slices.Clone(r.checks), check{aim: a})
	return r
}

// to adds an aim for the ratio to a baseline.
func (r row) to(baseline string, base float64, a aim) row {
	r.checks = append(slices.Clone(r.checks), check{baseline: baseline, base: base, aim: a})
	return r
}

// note adds a line that explains.
func (r row) note(format string, args ...any) row {
	r.notes = append(slices.Clone(r.notes), fmt.Sprintf(format, args...))
	return r
}

// noteEach adds a note for each line.
func (r row) noteEach(lines []string) row {
	r.notes = append(slices.Clone(r.notes), lines...)
	return r
}

// compared is what the check holds against its aim. A ratio to nothing meets
// none.
func (r row) compared(c check) float64 {
	switch {
	case c.baseline == "":
		return r.value
	case c.base == 0:
		return math.NaN()
	}
	return r.value / c.base
}

func (r row) meets(c check) bool { return c.aim.met(r.compared(c)) }

// missed counts the aims that the rows miss.
func missed(rows []row) (count int) {
	for _, r := range rows {
		for _, c := range r.checks {
			if !r.meets(c) {
				count++
			}
		}
	}
	return count
}
