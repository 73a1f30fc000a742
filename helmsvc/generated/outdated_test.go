package generated_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/generated"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return "u:" + string(hash)
}

// TestHashes: a hash differs with each rendering, and is kept unless it is of another
// password than the one that the chart was told.
func TestHashes(t *testing.T) {
	first, second := hashOf(t, "now"), hashOf(t, "now")
	for name, c := range map[string]struct {
		live, beside string
		kept         bool
	}{
		"of the same password":     {hashOf(t, "now"), "now", true},
		"of another one":           {hashOf(t, "before"), "now", false},
		"of one that isn't beside": {hashOf(t, "before"), "something else", true},
		"that would take too long": {strings.Replace(hashOf(t, "before"), "$04$", "$31$", 1), "now", true},
		"that isn't one by now":    {"u:plain", "now", true},
	} {
		t.Run(name, func(t *testing.T) {
			as := func(hash string) string {
				return secretOf("a", fmt.Sprintf("stringData: {htpasswd: %q, other: x, password: %q}", hash, c.beside))
			}
			made := yields(as(first))
			_, err := generated.Keep(made, yields(as(second)), "", func(string, string) (map[string][]byte, error) {
				return map[string][]byte{"htpasswd": []byte(c.live)}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			want := first
			if c.kept {
				want = c.live
			}
			if text := render.TextOf(made.Templates[0]); !strings.Contains(text, want) {
				t.Errorf("%s isn't in\n%s", want, text)
			}
		})
	}
}

// TestKeepHasRoom: what somebody has written into a Secret doesn't make a release of any
// size.
func TestKeepHasRoom(t *testing.T) {
	first, second := twice(secretOf("a", "stringData: {p: NEW}") + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {text: '" + strings.Repeat("NEW ", 1000) + "'}\n")
	_, err := generated.Keep(first, second, "", func(string, string) (map[string][]byte, error) {
		return map[string][]byte{"p": []byte(strings.Repeat("x", 1<<20))}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "takes more than 8 MB beyond what it renders to, once what its Secrets hold so far") {
		t.Errorf("error %v", err)
	}
}
