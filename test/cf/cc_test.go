package cf_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// The cloud controller's rules of access and its errors.
func TestCloudController(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	developer := cf.Client{ID: "developer", Secret: "d", Spaces: []string{s.Space()},
		Authorities: []string{"cloud_controller.read", "cloud_controller.write"}}
	reader := cf.Client{ID: "reader", Secret: "r", Authorities: []string{"cloud_controller.admin_read_only"}}
	network := cf.Client{ID: "network", Secret: "n", Authorities: []string{"network.admin"}}
	tokens := map[string]string{"": "", "wrong": "wrong"}
	stranger := cf.Client{ID: "stranger", Secret: "s", Authorities: []string{"cloud_controller.read"}}
	auditor := cf.Client{ID: "auditor", Secret: "a", Authorities: []string{"cloud_controller.global_auditor"}}
	writer := cf.Client{ID: "writer", Secret: "w", Authorities: []string{"cloud_controller.write"}}
	for _, client := range []cf.Client{ccAdmin, developer, reader, network, stranger, auditor, writer} {
		s.AddClient(client)
		tokens[client.ID] = tokenOf(t, s, client)
	}
	org := orgOf(t, s, tokens["operator"])
	elsewhere := s.AddSpace("demo", "elsewhere")
	s.DeleteSpace(s.AddSpace("50%, off", "gone"))
	own := "/v3/apps/" + s.AddApp(cf.App{Name: "own"}).GUID
	far := "/v3/apps/" + s.AddApp(cf.App{Name: "far", Space: elsewhere}).GUID
	s.AddApp(cf.App{Name: "taken"})
	for _, d := range []cf.Domain{{Name: "apps.internal", Internal: true}, {Name: "own.example.com", Org: "demo"}, {Name: "far.example.com", Org: "50%, off"}, {Name: "gone.example.com"}} {
		s.AddDomain(d)
	}
	s.DeleteDomain("gone.example.com")
	app := func(name, space string) string {
		return `{"name":"` + name + `","relationships":{"space":{"data":{"guid":"` + space + `"}}}}`
	}
	const unknownSpace = "Invalid space. Ensure that the space exists and you have access to it."
	for _, test := range []struct {
		fact, as, method, path, body string
		status                       int
		want                         string
	}{
		{"no token", "", "GET", "/v3/apps", "", 401, `"title":"CF-NotAuthenticated"`},
		{"a wrong token", "wrong", "GET", "/v3/apps", "", 401, `"title":"CF-InvalidAuthToken"`},
		{"a token for another audience", "network", "GET", "/v3/apps", "", 401, `"title":"CF-InvalidAuthToken"`},
		{"no scope to read", "writer", "GET", "/v3/apps", "", 403, `"title":"CF-NotAuthorized"`},
		{"no scope to write", "reader", "DELETE", own, "", 403, `"title":"CF-NotAuthorized"`},
		{"an operator sees all apps", "operator", "GET", "/v3/apps", "", 200, `"total_results":3`},
		{"a reader sees all apps", "reader", "GET", "/v3/apps", "", 200, `"total_results":3`},
		{"a developer sees its space's apps", "developer", "GET", "/v3/apps", "", 200, `"total_results":2`},
		{"a developer sees its spaces", "developer", "GET", "/v3/spaces", "", 200, `"total_results":1`},
		{"an operator sees all spaces", "operator", "GET", "/v3/spaces", "", 200, `"total_results":2`},
		{"an org, being in one of its spaces", "developer", "GET", "/v3/organizations?names=demo", "", 200, `"total_results":1`},
		{"no org of that name", "operator", "GET", "/v3/organizations?names=other", "", 200, `"total_results":0`},
		{"an app out of sight", "developer", "GET", far, "", 404, `"title":"CF-ResourceNotFound"`},
		{"changing an app out of sight", "developer", "PATCH", far, "{}", 404, `"title":"CF-ResourceNotFound"`},
		{"a space out of sight", "developer", "GET", "/v3/spaces/" + elsewhere, "", 404, `"detail":"Space not found.`},
		{"a space", "developer", "GET", "/v3/spaces/" + s.Space(), "", 200, `"name":"dev"`},
		{"creating in a space out of sight", "developer", "POST", "/v3/apps", app("new", elsewhere), 422, unknownSpace},
		{"creating without a space", "operator", "POST", "/v3/apps", `{"name":"new"}`, 422, unknownSpace},
		{"creating without a name", "operator", "POST", "/v3/apps", app("", elsewhere), 422, "Name can't be blank"},
		{"creating from what isn't JSON", "operator", "POST", "/v3/apps", "{", 400, `"title":"CF-MessageParseError"`},
		{"a developer creates", "developer", "POST", "/v3/apps", app("new", s.Space()), 201, `"state":"STOPPED"`},
		{"a name that is taken", "developer", "PATCH", own, `{"name":"taken"}`, 422, "App with the name 'taken' already exists."},
		{"a label added", "developer", "PATCH", own, `{"metadata":{"labels":{"x":"1","y":"2"}}}`, 200, `"labels":{"x":"1","y":"2"}`},
		{"a label removed", "developer", "PATCH", own, `{"metadata":{"labels":{"x":null}}}`, 200, `"labels":{"y":"2"}`},
		{"by a name escaped twice", "operator", "GET", "/v3/organizations?names=50%2525%252C%20off", "", 200, `"total_results":1`},
		{"by a name escaped once", "operator", "GET", "/v3/organizations?names=50%25,%20off", "", 200, `"total_results":0`},
		{"found by a label", "developer", "GET", "/v3/apps?label_selector=y", "", 200, `"total_results":1`},
		{"by a label's absence", "developer", "GET", "/v3/apps?label_selector=!y,z!%3D3", "", 200, `"total_results":2`},
		{"by its org", "operator", "GET", "/v3/apps?organization_guids=none", "", 200, `"total_results":0`},
		{"stopping", "developer", "POST", own + "/actions/stop", "", 200, `"state":"STOPPED"`},
		{"starting", "developer", "POST", own + "/actions/start", "", 200, `"state":"STARTED"`},
		{"an unknown filter", "operator", "GET", "/v3/apps?stacks=x", "", 400, "Unknown query parameter(s): 'stacks'"},
		{"a selector that isn't known here", "operator", "GET", "/v3/apps?label_selector=x%20in%20(1,2)", "", 400, "label_selector"},
		{"page 0", "operator", "GET", "/v3/apps?page=0", "", 400, "Page must be greater than 0"},
		{"a page too long", "operator", "GET", "/v3/apps?per_page=5001", "", 400, "Per page must be between 1 and 5000"},
		{"a page after the last", "operator", "GET", "/v3/apps?page=9223372036854775807", "", 200, `"resources":[]`},
		{"an org", "operator", "GET", "/v3/organizations/" + org, "", 200, `"suspended":false`},
		{"an org without a space in sight", "stranger", "GET", "/v3/organizations/" + org, "", 404, `"detail":"Organization not found.`},
		{"the API's root", "operator", "GET", "/v3", "", 200, `"apps":{"href":"` + s.URL() + `/v3/apps"}`},
		{"shared domains are everybody's", "stranger", "GET", "/v3/domains", "", 200, `"total_results":1`},
		{"a private domain, being in its org", "developer", "GET", "/v3/domains", "", 200, `"total_results":2`},
		{"an auditor sees all domains", "auditor", "GET", "/v3/domains", "", 200, `"total_results":3`},
		{"an internal domain", "auditor", "GET", "/v3/domains?names=apps.internal", "", 200, `"internal":true`},
		{"no scope to read domains", "writer", "GET", "/v3/domains", "", 403, `"title":"CF-NotAuthorized"`},
		{"an auditor writes nothing", "auditor", "DELETE", far, "", 403, `"title":"CF-NotAuthorized"`},
		{"an unknown job", "operator", "GET", "/v3/jobs/none", "", 404, `"detail":"Job not found.`},
		{"an unknown route", "operator", "GET", "/v3/routes", "", 404, `"title":"CF-NotFound"`},
		{"deleting", "developer", "DELETE", own, "", 202, ""},
		{"deleting again", "developer", "DELETE", own, "", 404, `"title":"CF-ResourceNotFound"`},
	} {
		t.Run(test.fact, func(t *testing.T) {
			status, body := ask(t, s, tokens[test.as], test.method, test.path, test.body)
			if status != test.status || !strings.Contains(body, test.want) {
				t.Errorf("%d %s, want %d with %s", status, body, test.status, test.want)
			}
		})
	}
}

// orgOf is the GUID of the only organization.
func orgOf(t *testing.T, s *cf.Server, token string) string {
	t.Helper()
	_, body := ask(t, s, token, "GET", "/v3/organizations", "")
	var list struct{ Resources []struct{ GUID string } }
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Resources) != 1 {
		t.Fatalf("organizations %s: %v", body, err)
	}
	return list.Resources[0].GUID
}
