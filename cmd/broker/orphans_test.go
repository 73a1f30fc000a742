package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestFlagsAlone holds arguments against the exit status they lead to.
func TestFlagsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		exit int
		want string
	}{
		"help":             {[]string{"orphans", "--help"}, 0, "broker orphans [--fix [--yes] [--wait TIME]]"},
		"an argument":      {[]string{"orphans", "redis"}, 2, `orphans takes no "redis"`},
		"a flag":           {[]string{"check", "--fix"}, 2, "flag provided but not defined: -fix"},
		"yes to nothing":   {[]string{"orphans", "--yes"}, 2, "--yes goes with --fix"},
		"what is made":     {[]string{"orphans", "--fix", "--age", "59s"}, 2, "--fix takes no --age below 1m0s: what is younger may be being made"},
		"to be looked at":  {[]string{"orphans", "--age", "0s"}, 2, "the settings are wrong"},
		"no settings":      {[]string{"check"}, 2, "the settings are wrong"},
		"no limit":         {[]string{"register", "--wait", "0s"}, 2, "--wait must be above 0"},
		"help, as a word":  {[]string{"check", "help"}, 0, "broker check [--network"},
		"a wrong duration": {[]string{"orphans", "--age", "soon"}, 2, "orphans: invalid value"},
	} {
		setenv(t, nil)
		var out bytes.Buffer
		if exit := run(t.Context(), c.args, &out, &out); exit != c.exit || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit status %d, want %d; %q, want %q", name, exit, c.exit, &out, c.want)
		}
	}
}
