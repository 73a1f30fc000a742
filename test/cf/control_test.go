package cf_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// A person with curl: each call of the control route, and what it does.
func TestControl(t *testing.T) {
	s := start(t, cf.Options{})
	ab := policy("a", "b", "tcp", 1, 1)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "policies", "", 200, answer()},
		{"GET", "apps", "", 200, "[]"},
		{"GET", "writes", "", 200, "[]"},
		{"PUT", "apps/a", "", 200, `"name":"a","state":"STARTED"`},
		{"PUT", "apps/b", `{"name":"placeholder","state":"STOPPED"}`, 200, `"name":"placeholder","state":"STOPPED"`},
		{"PUT", "apps/b", `{"nmae":"x"}`, 400, `unknown field`},
		{"GET", "apps", "", 200, `"guid":"b"`},
		{"POST", "policies", request(ab), 204, ""},
		{"POST", "policies", "{}", 400, "missing policies"},
		{"POST", "cleanup", "", 200, answer()},
		{"DELETE", "apps/b", "", 204, ""},
		{"GET", "policies", "", 200, answer(ab)},
		{"POST", "faults", `{"part":"cc","kind":"down","times":1}`, 204, ""},
		{"POST", "cleanup", "", 502, "cc failed: down"},
		{"POST", "cleanup", "", 200, answer(ab)},
		{"GET", "policies", "", 200, answer()},
		{"GET", "writes", "", 200, `[{"op":"cleanup","policies":[` + ab + `],"changed":true}]`},
		{"POST", "policies", request(ab), 204, ""},
		{"DELETE", "policies", request(ab), 204, ""},
		{"GET", "policies", "", 200, answer()},
		{"POST", "faults", `{"part":"cf","kind":"down"}`, 400, `unknown part`},
		{"POST", "faults", `{"part":"cc","kind":"tired"}`, 400, `unknown kind`},
		{"POST", "faults", `{"part":"cc","kind":"slow","delay":"soon"}`, 400, `invalid duration`},
		{"POST", "faults", `{"part":"cc","kind":"down","times":-1}`, 400, `negative`},
		{"POST", "faults", `{"part":"cc","knid":"down"}`, 400, `unknown field`},
		{"DELETE", "faults?part=cf", "", 400, `unknown part`},
		{"GET", "requests", "", 200, "{}"},
	} {
		status, body := ask(t, s, "", test.method, "/_standin/"+test.path, test.body)
		if status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", test.method, test.path, test.body, status, body, test.status, test.want)
		}
	}
}

// Faults set and cleared by the control route, of a part or of all.
func TestControlFaults(t *testing.T) {
	s := start(t, cf.Options{})
	var got []int
	root := func() {
		status, _ := ask(t, s, "", "GET", "/", "")
		got = append(got, status)
	}
	fault := func() {
		ask(t, s, "", "POST", "/_standin/faults", `{"part":"root","kind":"server-error","route":"GET /"}`)
	}
	fault()
	root()
	ask(t, s, "", "DELETE", "/_standin/faults?part=uaa", "")
	root()
	ask(t, s, "", "DELETE", "/_standin/faults?part=root", "")
	root()
	fault()
	ask(t, s, "", "DELETE", "/_standin/faults", "")
	root()
	if want := []int{500, 500, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
}
