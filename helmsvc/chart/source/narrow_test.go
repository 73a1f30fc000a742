package source

import (
	"bytes"
	"strings"
	"testing"
)

// TestNarrow leaves of an index what is one chart's, and one that is written in
// another way as it is.
func TestNarrow(t *testing.T) {
	const helms = `apiVersion: v1
entries:
  a:
  - description: |
      entries:
      redis:
      - not this
    version: 1.0.0
  redis:
  - version: 2.0.0
    urls:
    - redis-2.0.0.tgz

    # old
  - version: 1.0.0
  redis-cluster:
  - version: 3.0.0
generated: "2026-01-01T00:00:00Z"
`
	for name, c := range map[string]struct{ index, chart, want string }{
		"the first": {helms, "a", "apiVersion: v1\nentries:\n  a:\n  - description: |\n      entries:\n      redis:\n      - not this\n    version: 1.0.0\ngenerated: \"2026-01-01T00:00:00Z\"\n"},
		"one of others": {helms, "redis",
			"apiVersion: v1\nentries:\n  redis:\n  - version: 2.0.0\n    urls:\n    - redis-2.0.0.tgz\n\n    # old\n  - version: 1.0.0\ngenerated: \"2026-01-01T00:00:00Z\"\n"},
		"none":       {helms, "mysql", "apiVersion: v1\nentries:\ngenerated: \"2026-01-01T00:00:00Z\"\n"},
		"quoted":     {"entries:\n    \"redis\":\n        - version: 1\n    'x':\n        - version: 2", "redis", "entries:\n    \"redis\":\n        - version: 1\n"},
		"JSON":       {`{"entries": {"redis": []}}`, "redis", `{"entries": {"redis": []}}`},
		"flow":       {"entries: {redis: [{version: 1}]}\n", "redis", "entries: {redis: [{version: 1}]}\n"},
		"no YAML":    {"<html>log in: here</html>", "redis", "<html>log in: here</html>"},
		"line feeds": {"entries:\r\n  a:\r\n  - version: 1\r\n  b:\r\n  - version: 2\r\n", "b", "entries:\r\n  b:\r\n  - version: 2\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := narrow(&got, strings.NewReader(c.index), c.chart); err != nil || got.String() != c.want {
				t.Errorf("%q, error %v, want %q", got.String(), err, c.want)
			}
		})
	}
}
