package cf_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// role is who asks.
type role string

const (
	admin    role = "a network.admin client"
	writer   role = "a network.write client"
	stranger role = "a client without a network scope"
	nobody   role = "nobody"
)

// row is one fact of the policy API: requests one after the other, each with the
// answer that the fact promises. {a}, {b} and {c} stand for ids that are no apps
// and used by this row alone, {app} and {other} for apps within and out of the
// writer's reach.
type row struct {
	fact  string
	steps []step
}

type step struct {
	as            role
	authorization string // instead of "Bearer {token}"
	method, path  string // below the API's address, or /v2:… for another version
	body          string
	status        int
	want          string    // the exact body
	header        [2]string // a header and its value
	// check is instead of want, for a body that isn't this row's alone.
	check func(body string, fill func(string) string) error
}

// TestContract holds a policy API to the facts: the stand-in's, or with the
// environment of targetFromEnv a real one's. It passed on the policy server of
// cf-networking-release 3.53.0 over PostgreSQL. On a real one it leaves no policy
// behind and never cleans up, which would delete what others made.
func TestContract(t *testing.T) {
	target := newTarget(t)
	for _, row := range contract(target.quota) {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			target.needs(t, row)
			fill := target.filler()
			target.removeAfter(t, row, fill)
			for i, step := range row.steps {
				target.try(t, fmt.Sprintf("step %d", i+1), step, fill)
			}
		})
	}
}

// needs skips a row for which the target offers no client or app.
func (c target) needs(t *testing.T, row row) {
	for _, step := range row.steps {
		if _, ok := c.tokens[step.as]; !ok && step.as != nobody {
			t.Skipf("no credentials of %s", step.as)
		}
		if text := step.path + step.body; c.app == "" && strings.Contains(text, "{app}") ||
			c.other == "" && strings.Contains(text, "{other}") {
			t.Skip("no app to try it with")
		}
	}
}

// filler replaces a row's placeholders.
func (c target) filler() *strings.Replacer {
	return strings.NewReplacer(
		"{a}", uuid.NewString(), "{b}", uuid.NewString(), "{c}", uuid.NewString(),
		"{app}", c.app, "{other}", c.other,
		"{writer scopes}", c.scopes[writer], "{stranger scopes}", c.scopes[stranger],
	)
}

func (c target) try(t *testing.T, name string, step step, fill *strings.Replacer) {
	t.Helper()
	response, body := c.send(t, step, fill)
	if response.StatusCode != step.status {
		t.Errorf("%s: status %d, want %d; body %.300s", name, response.StatusCode, step.status, body)
	}
	if key, value := step.header[0], step.header[1]; key != "" && response.Header.Get(key) != value {
		t.Errorf("%s: header %s: %q, want %q", name, key, response.Header.Get(key), value)
	}
	if step.check != nil {
		if err := step.check(string(body), fill.Replace); err != nil {
			t.Errorf("%s: %v; body %.300s", name, err, body)
		}
		return
	}
	if got, want := sorted(string(body)), sorted(fill.Replace(step.want)); got != want {
		t.Errorf("%s: body\n got %.600s\nwant %.600s", name, got, want)
	}
}

func (c target) send(t *testing.T, step step, fill *strings.Replacer) (*http.Response, []byte) {
	t.Helper()
	address := c.policyAPI + fill.Replace(step.path)
	if version, path, ok := strings.Cut(step.path, ":"); ok {
		address = strings.Replace(c.policyAPI, "/v1/", version+"/", 1) + path
	}
	request, err := http.NewRequest(step.method, address, strings.NewReader(fill.Replace(step.body)))
	if err != nil {
		t.Fatal(err)
	}
	if step.as != nobody {
		pattern := cmp.Or(step.authorization, "Bearer {token}")
		request.Header.Set("Authorization", strings.ReplaceAll(pattern, "{token}", c.tokens[step.as]))
	}
	response, err := c.http.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", step.method, address, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("reading the answer to %s %s: %v", step.method, address, err)
	}
	return response, body
}

// sorted puts the policies of an answer in order, since a server need not. Any
// other body stays as it is, byte for byte.
func sorted(body string) string {
	if !strings.HasPrefix(body, `{"total_policies":`) {
		return body
	}
	var answer struct {
		Total    int         `json:"total_policies"`
		Policies []cf.Policy `json:"policies"`
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&answer) != nil {
		return body
	}
	slices.SortFunc(answer.Policies, func(a, b cf.Policy) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	again, err := json.Marshal(answer)
	if err != nil {
		return body
	}
	return string(again)
}

// removeAfter deletes at the row's end those of its policies that are there and
// weren't before it.
func (c target) removeAfter(t *testing.T, row row, fill *strings.Replacer) {
	before := c.all(t)
	t.Cleanup(func() {
		var posted []cf.Policy
		for _, step := range row.steps {
			posted = append(posted, policiesIn([]byte(fill.Replace(step.body)))...)
		}
		left := slices.DeleteFunc(c.all(t), func(p cf.Policy) bool {
			return slices.Contains(before, p) || !slices.Contains(posted, p)
		})
		if len(left) == 0 {
			return
		}
		body, err := json.Marshal(map[string]any{"policies": left})
		if err != nil {
			t.Fatal(err)
		}
		c.try(t, "removing the row's policies", remove(string(body)), fill)
	})
}

func (c target) all(t *testing.T) []cf.Policy {
	_, body := c.send(t, step{as: admin, method: "GET", path: "/policies"}, strings.NewReplacer())
	return policiesIn(body)
}

func policiesIn(body []byte) []cf.Policy {
	var request struct{ Policies []cf.Policy }
	if json.Unmarshal(body, &request) != nil {
		return nil
	}
	for i := range request.Policies {
		request.Policies[i].Source.Tag, request.Policies[i].Destination.Tag = "", ""
	}
	return request.Policies
}
