package c2c_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// oddCC is a cloud controller that answers each route as it is told to.
func oddCC(t *testing.T, answers map[string]string, location string) *c2c.Client {
	t.Helper()
	s := stand(t, cf.Options{Client: maker})
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusAccepted)
		}
		_, _ = w.Write([]byte(answers[r.Method+" "+r.URL.Path]))
	}))
	t.Cleanup(odd.Close)
	with := inSpace(s)
	with.ClientSecret += "\n" // as a file's would be
	with.CFAPIAddress = root(t, false, func() string {
		return fmt.Sprintf(`{"links":{"uaa":{"href":"%s/uaa"},"cloud_controller_v3":{"href":"%s/v3"}}}`, s.URL(), odd.URL)
	})
	return c2c.New(with, func(string, error) {})
}

// TestOddLists survives lists with nulls, without entries, and with more than
// was asked for, and lets no GUID through that Silk couldn't take.
func TestOddLists(t *testing.T) {
	const one = `{"resources":[{"guid":"g"}]}`
	for name, c := range map[string]struct{ orgs, spaces, apps, created, want string }{
		"null orgs":      {`{"resources":[null]}`, one, `{}`, ``, "CF_ORG"},
		"two orgs":       {`{"resources":[{"guid":"a"},{"guid":"b"}]}`, one, `{}`, ``, "CF_ORG"},
		"null spaces":    {one, `{"resources":[null]}`, `{}`, ``, "CF_SPACE"},
		"null apps":      {one, one, `{"resources":[null,null]}`, `{"guid":"` + app + `"}`, ""},
		"without labels": {one, one, `{"resources":[{"name":"cf-helm-broker-` + group + `"}]}`, ``, "rename or delete it"},
		"an odd GUID":    {one, one, `{}`, `{"guid":"x\" -j ACCEPT"}`, "isn't a lower-case UUID"},
		"no GUID":        {one, one, `{}`, `{}`, "isn't a lower-case UUID"},
	} {
		t.Run(name, func(t *testing.T) {
			client := oddCC(t, map[string]string{"GET /v3/organizations": c.orgs, "GET /v3/spaces": c.spaces, "GET /v3/apps": c.apps, "POST /v3/apps": c.created}, "")
			guid, err := client.EnsurePlaceholder(t.Context(), group)
			if c.want == "" && (err != nil || guid != app) {
				t.Errorf("GUID %s, error %v", guid, err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestOddJobs takes no more than the job's GUID from Location: a token goes
// nowhere else.
func TestOddJobs(t *testing.T) {
	var strayed atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Store(true) }))
	defer other.Close()
	for name, c := range map[string]struct{ location, want string }{
		"another host":  {other.URL + "/v3/jobs/j", ""},
		"a path":        {"/v3/jobs/j", ""},
		"none":          {"", "named no job"},
		"no job":        {other.URL + "/elsewhere", "named no job"},
		"not a URL":     {"%", "named no job"},
		"without a job": {"/v3/jobs/", "named no job"},
	} {
		t.Run(name, func(t *testing.T) {
			client := oddCC(t, map[string]string{
				"GET /v3/apps": `{"resources":[{"guid":"` + app + `","name":"cf-helm-broker-` + group + `",` +
					`"metadata":{"labels":{"cf-helm-broker.io/placeholder-for":"` + group + `"}}}]}`,
				"GET /v3/jobs/j": `{"state":"COMPLETE"}`,
			}, c.location)
			err := client.DeletePlaceholder(t.Context(), group, "")
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if strayed.Load() {
		t.Error("a token went to another host")
	}
}

// TestNoCloudController meets a root without the cloud controller.
func TestNoCloudController(t *testing.T) {
	s := stand(t, cf.Options{Client: maker})
	with := inSpace(s)
	with.CFAPIAddress = root(t, false, func() string { return fmt.Sprintf(`{"links":{"uaa":{"href":"%s/uaa"}}}`, s.URL()) })
	_, err := c2c.New(with, func(string, error) {}).EnsurePlaceholder(t.Context(), group)
	if err == nil || !strings.Contains(err.Error(), "no links.cloud_controller_v3; check that CF_API_ADDRESS is the CF API") {
		t.Errorf("error %v", err)
	}
}
