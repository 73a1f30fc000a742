package rig

import "strings"

// WithoutPolls is a broker's log without the lines that polling leaves, which
// are most of it.
func WithoutPolls(log string) string {
	var kept strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "/last_operation") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
