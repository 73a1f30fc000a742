package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestOrphansUsage holds arguments and settings against the exit status they lead to.
func TestOrphansUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		exit int
		want string
	}{
		"help":        {[]string{"orphans", "--help"}, 0, "broker orphans [--json]"},
		"an argument": {[]string{"orphans", "redis"}, 2, `orphans takes no "redis"`},
		"a flag":      {[]string{"orphans", "--fix"}, 2, "flag provided but not defined: -fix"},
		"no settings": {[]string{"orphans"}, 2, "CF_API_ADDRESS must be a URL"},
	} {
		setenv(t, nil)
		var out bytes.Buffer
		if exit := run(t.Context(), c.args, &out, &out); exit != c.exit || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit status %d, want %d; %q, want %q", name, exit, c.exit, &out, c.want)
		}
	}
}
