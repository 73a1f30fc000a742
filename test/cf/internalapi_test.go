package cf_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestInternalPolicies: a policy agent gets the policies of its groups with the tags
// of both ends, and others' not.
func TestInternalPolicies(t *testing.T) {
	s := start(t, cf.Options{})
	if err := s.AddPolicies(cf.NewPolicy("a", "b", "tcp", 1, 2), cf.NewPolicy("c", "d", "udp", 3, 3)); err != nil {
		t.Fatal(err)
	}
	const ab = `{"source":{"id":"a","tag":"0001"},"destination":{"id":"b","tag":"0002","protocol":"tcp","ports":{"start":1,"end":2}}}`
	for query, want := range map[string]string{
		"?id=a":   `{"total_policies":1,"policies":[` + ab + `]}`,
		"?id=x,b": `{"total_policies":1,"policies":[` + ab + `]}`,
		"?id=x":   `{"total_policies":0,"policies":[]}`,
		"":        `{"total_policies":0,"policies":[]}`,
	} {
		answer, err := http.Get(s.URL() + "/networking/v1/internal/policies" + query)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || string(body) != want {
			t.Errorf("%q: status %d, %v\n%s\nwant\n%s", query, answer.StatusCode, err, body, want)
		}
	}
}
