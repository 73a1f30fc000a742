package helmsvc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// TestGivenValues reads what the deployed release was made with, whatever has
// become of it since, and past records that aren't the release's.
func TestGivenValues(t *testing.T) {
	p := confined(t)
	given := func() (map[string]any, error) { return p.GivenValues(t.Context(), p.target, view.View{}) }
	want := func(key string, value any) {
		t.Helper()
		if got, err := given(); err != nil || got[key] != value {
			t.Errorf("%s is %v, %v; want %v", key, got[key], err, value)
		}
	}
	if got, err := given(); !errors.Is(err, tenant.ErrGone) {
		t.Errorf("of a release that isn't there: %v, %v", got, err)
	}
	what := func(size string) (err error) {
		r := rendered(mapOf)
		r.Values = map[string]any{"size": size, "gone": nil, "million": int64(1000000)}
		if size == "first" {
			return p.Install(t.Context(), p.target, r, nil)
		}
		return p.Upgrade(t.Context(), p.target, r, nil)
	}
	if err := what("first"); err != nil {
		t.Fatal(err)
	}
	want("size", "first")
	if err := what("second"); err != nil {
		t.Fatal(err)
	}
	want("size", "second")
	p.forge(9, packed(fmt.Sprintf(`{"name":%q,"namespace":"kube-system","version":9,"info":{"status":"deployed"},"chart":{"metadata":{"name":"c"}},"config":{"size":"forged"}}`, p.target.Release)))
	want("size", "second")
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Fatal(err)
	}
	want("size", "first")
	got, err := given()
	if text, _ := json.Marshal(got); err != nil || string(text) != `{"gone":null,"million":1000000,"size":"first"}` {
		t.Errorf("given are %s, %v", text, err)
	}
}
