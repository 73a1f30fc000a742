package web_test

import (
	"bytes"
	"net/http"
	"testing"
)

// TestProfiles shows them to those with credentials only, and nothing beside them: a
// command line might hold what is nobody's business.
func TestProfiles(t *testing.T) {
	handler := newHandler(quiet(), &bytes.Buffer{})
	gzipped := []byte{0x1f, 0x8b}
	for _, name := range []string{"heap", "allocs", "goroutine", "profile?seconds=1"} {
		path := "/debug/pprof/" + name
		if answer := get(handler, path, "", ""); answer.Code != http.StatusUnauthorized {
			t.Errorf("%s without a password is answered with %d", path, answer.Code)
		}
		if answer := get(handler, path, "u", "wrong"); answer.Code != http.StatusUnauthorized {
			t.Errorf("%s with a wrong password is answered with %d", path, answer.Code)
		}
		if answer := get(handler, path, "u", "p"); answer.Code != http.StatusOK || !bytes.HasPrefix(answer.Body.Bytes(), gzipped) {
			t.Errorf("%s is answered with %d and %d bytes", path, answer.Code, answer.Body.Len())
		}
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/cmdline"} {
		if answer := get(handler, path, "u", "p"); answer.Code != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, answer.Code)
		}
	}
}
