package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// printTable writes the rows in columns. A row with several aims takes several
// lines, and so do the notes below it.
func printTable(out io.Writer, rows []row) {
	if len(rows) == 0 {
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(cells ...string) {
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) // to a terminal: nobody is left to tell
	}
	line("what", "value", "unit", "n", "ratio", "aim", "")
	line("----", "-----", "----", "-", "-----", "---", "")
	for _, r := range rows {
		checks := r.checks
		if len(checks) == 0 {
			checks = []check{{}}
		}
		for number, c := range checks {
			cells := []string{"", "", "", ""}
			if number == 0 {
				cells = []string{r.name, figure(r.value), r.unit, fmt.Sprint(r.n)}
			}
			line(append(cells, r.ratio(c), c.aimed(r.unit), r.verdict(c))...)
		}
	}
	_ = table.Flush()
	printNotes(out, rows)
	_, _ = fmt.Fprintf(out, "\n%d aims missed\n", missed(rows))
}

func printNotes(out io.Writer, rows []row) {
	for _, r := range rows {
		if len(r.notes) > 0 {
			_, _ = fmt.Fprintf(out, "\n%s\n", r.name)
		}
		for _, note := range r.notes {
			_, _ = fmt.Fprintf(out, "  %s\n", note)
		}
	}
}

func (r row) ratio(c check) string {
	if c.baseline == "" {
		return ""
	}
	return figure(r.compared(c)) + " × " + c.baseline
}

func (c check) aimed(unit string) string {
	switch {
	case c.aim.relation == "":
		return ""
	case c.baseline == "":
		return fmt.Sprintf("%s %s %s", c.aim.relation, figure(c.aim.limit), unit)
	}
	return fmt.Sprintf("%s %s ×", c.aim.relation, figure(c.aim.limit))
}

func (r row) verdict(c check) string {
	switch {
	case c.aim.relation == "":
		return ""
	case r.meets(c):
		return "met"
	}
	return "MISSED"
}

// figure writes a number with about three digits that say something.
func figure(value float64) string {
	digits := 3
	switch size := max(value, -value); {
	case size == float64(int64(size)) || size >= 100:
		digits = 0
	case size >= 10:
		digits = 1
	case size >= 1:
		digits = 2
	}
	return fmt.Sprintf("%.*f", digits, value)
}
