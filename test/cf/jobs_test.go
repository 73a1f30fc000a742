package cf_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// A job is seen PROCESSING as often as was said, with its app still there, and
// then done or failed.
func TestJobs(t *testing.T) {
	for name, test := range map[string]struct {
		jobs cf.Jobs
		seen []string
		left int
	}{
		"at once":      {cf.Jobs{}, []string{`"state":"COMPLETE"`, `"state":"COMPLETE"`}, 0},
		"after a time": {cf.Jobs{Polls: 2}, []string{`"state":"PROCESSING"`, `"state":"PROCESSING"`, `"state":"COMPLETE"`}, 0},
		"failed": {cf.Jobs{Polls: 1, Error: "a binding is in the way"},
			[]string{`"state":"PROCESSING"`, `"detail":"a binding is in the way"`, `"state":"FAILED"`}, 1},
		"failed at once": {cf.Jobs{Error: "no"}, []string{`"state":"FAILED"`}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, cf.Options{Client: ccAdmin})
			token := tokenOf(t, s, ccAdmin)
			s.SetJobs(test.jobs)
			address := deleteApp(t, s, token, s.AddApp(cf.App{}).GUID)
			for i, want := range test.seen {
				if apps := len(s.Apps()); test.jobs.Polls > i && apps != 1 {
					t.Errorf("seen %d times, and %d apps", i, apps)
				}
				if status, body := ask(t, s, token, "GET", address, ""); status != 200 || !strings.Contains(body, want) {
					t.Errorf("asked %d times: %d %s, want %s", i+1, status, body, want)
				}
			}
			if apps := len(s.Apps()); apps != test.left {
				t.Errorf("%d apps left, want %d", apps, test.left)
			}
		})
	}
}

// deleteApp asks for an app's deletion and returns the path of its job.
func deleteApp(t *testing.T, s *cf.Server, token, guid string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.URL()+"/v3/apps/"+guid, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := s.HTTPClient().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	path, ok := strings.CutPrefix(response.Header.Get("Location"), s.URL())
	if response.StatusCode != http.StatusAccepted || !ok {
		t.Fatalf("%s, Location %q", response.Status, response.Header.Get("Location"))
	}
	return path
}

// A space goes with its apps, and what is asked of it then is as if it had
// never been.
func TestDeleteSpace(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	token := tokenOf(t, s, ccAdmin)
	other := s.AddApp(cf.App{Space: s.AddSpace("demo", "other")})
	s.AddApp(cf.App{})
	s.DeleteSpace(s.Space())
	if apps := s.Apps(); len(apps) != 1 || apps[0].GUID != other.GUID {
		t.Errorf("apps %+v, want %s alone", apps, other.GUID)
	}
	if status, body := ask(t, s, token, "GET", "/v3/spaces/"+s.Space(), ""); status != 404 {
		t.Errorf("the space: %d %s", status, body)
	}
	body := `{"name":"new","relationships":{"space":{"data":{"guid":"` + s.Space() + `"}}}}`
	if status, body := ask(t, s, token, "POST", "/v3/apps", body); status != 422 || !strings.Contains(body, "Invalid space.") {
		t.Errorf("an app in it: %d %s", status, body)
	}
}
