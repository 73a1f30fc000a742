package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check"
)

// checkReport prints what was found, as it comes.
type checkReport struct {
	out    io.Writer
	json   bool
	counts map[check.State]int
}

func (r checkReport) tell(f check.Finding) {
	r.counts[f.State]++
	if r.json {
		_ = json.NewEncoder(r.out).Encode(f)
		return
	}
	_, _ = fmt.Fprintf(r.out, "%-8s %-22s %s\n", f.State, f.Subject, oneLine(f.Found))
	if f.Cure != "" {
		_, _ = fmt.Fprintf(r.out, "%31s %s\n", "→", oneLine(f.Cure))
	}
}

// end says how many there are of each state. It fails if something failed.
func (r checkReport) end() error {
	if !r.json {
		var parts []string
		for _, state := range []check.State{check.OK, check.Warning, check.Unknown, check.Failed} {
			parts = append(parts, fmt.Sprintf("%d %s", r.counts[state], state))
		}
		_, _ = fmt.Fprintf(r.out, "\n%s\n", strings.Join(parts, ", "))
	}
	if r.counts[check.Failed] > 0 {
		return errUnfit
	}
	return nil
}
