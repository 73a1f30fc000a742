package cf_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestCredHub states what the broker counts on, each as CredHub's code has it
// (cloudfoundry/credhub: CredentialsController, PermissionsV2Controller, ExceptionHandlers).
func TestCredHub(t *testing.T) {
	const (
		data        = "/credhub/api/v1/data"
		permissions = "/credhub/api/v2/permissions"
		hidden      = `{"error":"The request could not be completed because the credential does not exist or you do not have sufficient authorization."}`
		noneOf      = `{"error":"The request could not be completed because the permission does not exist or you do not have sufficient authorization."}`
		named       = "?path=/c/ours/db/1&actor=mtls-app:a"
	)
	s := start(t, cf.Options{})
	scopes := []string{"credhub.read", "credhub.write"}
	ours, theirs := cf.Client{ID: "ours", Secret: "s", Authorities: scopes}, cf.Client{ID: "theirs", Secret: "s", Authorities: scopes}
	half := cf.Client{ID: "half", Secret: "s", Authorities: scopes[:1]}
	tokens := map[string]string{"nobody": "unknown"}
	for _, c := range []cf.Client{ours, theirs, half} {
		s.AddClient(c)
		tokens[c.ID] = tokenOf(t, s, c)
	}
	s.Permit("ours", "/c/ours/*")
	s.Permit("half", "/c/*")
	s.Permit("theirs", "/c/theirs/*", "read", "write")
	set := func(name, kind, value string) string {
		return `{"name":"` + name + `","type":"` + kind + `","value":` + value + `}`
	}
	permit := func(actor string) string {
		return `{"path":"/c/ours/db/1","actor":"` + actor + `","operations":["read"]}`
	}
	for _, step := range []struct {
		fact, as, method, path, body string
		status                       int
		want                         string // in the body
	}{
		{"a token is needed", "nobody", "GET", data + "?path=/", "", 401, `"error":"invalid_token"`},
		{"both scopes are needed", "half", "GET", data + "?path=/", "", 403, ""},
		{"who may not write is told so", "theirs", "PUT", data, set("/c/ours/db/1", "json", `{}`), 403, hidden},
		{"a credential is set", "ours", "PUT", data, set("/c/ours/db/1", "json", `{"p":"first"}`), 200, `"name":"/c/ours/db/1","value":{"p":"first"}`},
		{"it is set again, whatever there was", "ours", "PUT", data, set("c/ours/db/1", "json", `{"p":"second"}`), 200, `"value":{"p":"second"}`},
		{"its type stays", "ours", "PUT", data, set("/c/ours/db/1", "value", `"x"`), 400, "type cannot be modified"},
		{"64 KB are the most", "ours", "PUT", data, set("/c/ours/db/2", "json", `{"p":"`+strings.Repeat("x", 64<<10)+`"}`), 413, "Value exceeds the maximum size."},
		{"names have few characters", "ours", "PUT", data, set("/c/ours/d b", "json", `{}`), 400, "Credential names may only include"},
		{"and no empty parts", "ours", "PUT", data, set("/c/ours//b", "json", `{}`), 400, "cannot end with a '/' character or contain '//'"},
		{"names below a path are listed, without values", "ours", "GET", data + "?path=/c/ours", "", 200, `{"credentials":[{"name":"/c/ours/db/1","version_created_at":`},
		{"not to who may not read them", "theirs", "GET", data + "?path=/c/ours", "", 200, `{"credentials":[]}`},
		{"there is no permission yet", "ours", "GET", permissions + named, "", 404, noneOf},
		{"a permission is added", "ours", "POST", permissions, permit("mtls-app:a"), 201, `"path":"/c/ours/db/1","operations":["read"],"actor":"mtls-app:a","uuid":"`},
		{"and only once", "ours", "POST", permissions, permit("mtls-app:a"), 409, "A permission entry for this actor and path already exists."},
		{"not for oneself", "ours", "POST", permissions, permit("uaa-client:ours"), 400, "Modification of access control for the authenticated user is not allowed."},
		{"nor without write_acl", "theirs", "POST", permissions, permit("mtls-app:b"), 404, hidden},
		{"it is found by path and actor", "ours", "GET", permissions + named, "", 200, `"actor":"mtls-app:a"`},
		{"not without read_acl", "theirs", "GET", permissions + named, "", 404, noneOf},
		{"an unknown one can't be deleted", "ours", "DELETE", permissions + "/6a2b", "", 404, "a permission that does not exist."},
		{"nor a credential by who may not", "theirs", "DELETE", data + "?name=/c/ours/db/1", "", 404, hidden},
		{"a credential is deleted", "ours", "DELETE", data + "?name=/c/ours/db/1", "", 204, ""},
		{"once", "ours", "DELETE", data + "?name=/c/ours/db/1", "", 404, hidden},
		{"its permission stays", "ours", "GET", permissions + named, "", 200, `"actor":"mtls-app:a"`},
	} {
		if step.status == 204 {
			if value, ok := s.ReadCredential("mtls-app:a", "/c/ours/db/1"); !ok || value != `{"p":"second"}` {
				t.Errorf("the app reads %q, %v", value, ok)
			}
			if _, ok := s.ReadCredential("mtls-app:b", "/c/ours/db/1"); ok {
				t.Error("another app reads it too")
			}
		}
		if status, body := ask(t, s, tokens[step.as], step.method, step.path, step.body); status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s: %d %s, want %d with %s", step.fact, status, body, step.status, step.want)
		}
	}
	_, body := ask(t, s, tokens["ours"], "GET", permissions+named, "")
	_, id, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(body), `"}`), `"uuid":"`)
	if status, body := ask(t, s, tokens["ours"], "DELETE", permissions+"/"+id, ""); status != http.StatusOK || !slices.Equal(s.Readers()["/c/ours/db/1"], nil) {
		t.Errorf("deleting the permission: %d %s, left %v", status, body, s.Readers()["/c/ours/db/1"])
	}
	if len(s.Credentials()) > 0 {
		t.Errorf("left: %v", s.Credentials())
	}
}
