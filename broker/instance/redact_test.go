package instance

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// TestRedact leaves nothing of a value in an error's text, in whatever form the
// API server, a schema or a template quotes it, nor the rest of one that holds
// another.
func TestRedact(t *testing.T) {
	values := map[string]any{
		"user": "open", "password": "open-sesame", "short": "abc",
		"nested": map[string]any{"list": []any{"first\"quoted", 7}},
	}
	for name, c := range map[string]struct{ text, want string }{
		"as it is":       {"invalid: open-sesame here", "invalid: [redacted] here"},
		"one in another": {"open and open-sesame", "[redacted] and [redacted]"},
		"as base64":      {"data: " + base64.StdEncoding.EncodeToString([]byte("open-sesame")), "data: [redacted]"},
		"quoted":         {`got "first\"quoted"`, `got "[redacted]"`},
		"too short":      {"abc stays", "abc stays"},
	} {
		t.Run(name, func(t *testing.T) {
			cause := errors.New(c.text)
			got := redact(cause, values)
			if got.Error() != c.want || !errors.Is(got, cause) {
				t.Errorf("%q becomes %q, want %q, and still the same error", c.text, got, c.want)
			}
		})
	}
	if redact(nil, values) != nil || strings.Contains(redact(errors.New("x"), nil).Error(), "redacted") {
		t.Error("what has nothing to hide is changed")
	}
}
