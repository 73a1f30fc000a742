package manifest

import (
	"strings"
	"testing"
)

func TestShorten(t *testing.T) {
	if got := Shorten(strings.Repeat("ä", 1000)); len(got) > 310 || !strings.HasSuffix(got, "…") || strings.ContainsRune(got, '�') {
		t.Errorf("shortened to %d bytes: %q", len(got), got)
	}
}
