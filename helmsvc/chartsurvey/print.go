package chartsurvey

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// longest is how much of a reason stands in the table, in characters.
const longest = 140

// Print writes the rows as a table for people, and what they come to.
func Print(rows []Row, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "CHART\tVERSION\tRESULT\tCREDENTIALS\tBY\tGENERATED\tSECONDS\tMB\tWHAT IT NEEDS, OR FAILS FOR")
	for _, r := range rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%.1f\t%d\t%s\n", r.Chart, dash(r.Version), r.Outcome, dash(strings.Join(r.Credentials, ",")), r.by(), len(r.Generated), r.Seconds, r.RendererMemory>>20, dash(r.what()))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(out, summary(rows))
	return err
}

func dash(text string) string { return cmp.Or(text, "-") }

// by is the rule of the credentials.
func (r Row) by() string {
	switch {
	case !r.Bindable:
		return "-"
	case r.Rule == "":
		return "raw form"
	}
	return r.Rule
}

// what is why a chart fails, or what it needs, in one line.
func (r Row) what() string {
	reasons := r.Needs
	if len(r.Why) > 0 {
		reasons = r.Why
	}
	var texts []string
	for _, reason := range reasons {
		text := []rune(strings.Join(strings.Fields(reason.Text), " "))
		if len(text) > longest {
			text = append(text[:longest], '…')
		}
		texts = append(texts, string(text))
		if len(r.Why) > 0 {
			break
		}
	}
	if more := len(r.Why) - 1; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// summary counts outcomes, reasons and credentials.
func summary(rows []Row) string {
	outcomes, needs, fails, keys := map[Outcome]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	all, bindable, changing := 0, 0, 0
	for _, r := range rows {
		outcomes[r.Outcome]++
		changing += min(len(r.Generated), 1)
		if r.Outcome == Needs {
			count(needs, r.Needs)
		}
		if r.Outcome == Fails {
			count(fails, r.Why)
		}
		if r.Outcome == Fails || !r.Bindable {
			continue
		}
		bindable++
		for _, key := range r.Credentials {
			keys[key]++
		}
		if len(r.Credentials) == len(usual) {
			all++
		}
	}
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "\n%d charts: %d pass, %d need something, %d fail, %d are libraries\n", len(rows), outcomes[Passes], outcomes[Needs], outcomes[Fails], outcomes[Library])
	list(&text, "needed", needs)
	list(&text, "failed for", fails)
	if changing > 0 {
		_, _ = fmt.Fprintf(&text, "updates change what was generated: %d\n", changing)
	}
	_, _ = fmt.Fprintf(&text, "credentials, of %d that can be bound to: all five %d", bindable, all)
	for _, key := range usual {
		_, _ = fmt.Fprintf(&text, ", %s %d", key, keys[key])
	}
	if len(rows) > 0 {
		slow, large := Slowest(rows), Largest(rows)
		_, _ = fmt.Fprintf(&text, "\nslowest: %s, %.1f s; most memory: %s, %d MB\n", slow.Path, slow.Seconds, large.Path, large.RendererMemory>>20)
	}
	return text.String()
}

// count counts each kind of reason once for a chart.
func count(into map[string]int, reasons []Reason) {
	seen := map[string]bool{}
	for _, r := range reasons {
		if !seen[r.Kind] {
			into[r.Kind]++
		}
		seen[r.Kind] = true
	}
}

// list writes counts, the highest first.
func list(text *strings.Builder, title string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	_, _ = fmt.Fprintf(text, "%s\n", title)
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for _, name := range names {
		_, _ = fmt.Fprintf(text, "%6d  %s\n", counts[name], name)
	}
}
