package cf_test

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

func TestStartSaysWhyNot(t *testing.T) {
	s := start(t, cf.Options{})
	_, address, _ := strings.Cut(s.URL(), "://")
	if second, err := cf.Start(cf.Options{Address: address}); err == nil {
		second.Close()
		t.Error("two servers on one address")
	} else if !strings.Contains(err.Error(), address) {
		t.Errorf("%v: doesn't name %s", err, address)
	}
}

// Writes are noted in order with what they changed, refused ones aren't, and
// every request is counted.
func TestWritesAndRequests(t *testing.T) {
	s := start(t, cf.Options{})
	token := tokenOf(t, s, s.Client())
	wanted := cf.NewPolicy("a", "b", "tcp", 1, 1)
	body := request(policy("a", "b", "tcp", 1, 1))
	for _, call := range [][2]string{{"", body}, {"", body}, {"", "{}"}, {"/delete", body}, {"/delete", body}} {
		ask(t, s, token, "POST", policiesPath+call[0], call[1])
	}
	ask(t, s, token, "GET", "/v3/apps/some-guid", "")
	ask(t, s, token, "GET", "/nothing/here", "")
	s.DeletePolicies(wanted)

	noted := []string{}
	for _, w := range s.Writes() {
		if len(w.Policies) != 1 || w.Policies[0] != wanted || w.Client != s.Client().ID {
			t.Errorf("noted %+v", w)
		}
		noted = append(noted, fmt.Sprint(w.Op, " ", w.Changed))
	}
	if got, want := strings.Join(noted, ", "), "create true, create false, delete true, delete false"; got != want {
		t.Errorf("noted %s, want %s", got, want)
	}
	want := map[string]int{"POST /uaa/oauth/token": 1, "POST " + policiesPath: 3, "POST " + policiesPath + "/delete": 2,
		"GET /v3/apps/{guid}": 1, "GET (unknown)": 1}
	if got := s.Requests(); !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// Forty clients at once with the same policies: all are accepted, one row each.
func TestConcurrentWrites(t *testing.T) {
	s := start(t, cf.Options{})
	token := tokenOf(t, s, s.Client())
	both := request(policy("a", "b", "tcp", 1, 1), policy("a", "c", "tcp", 1, 1))
	for _, round := range []struct {
		path string
		left int
	}{{"", 2}, {"/delete", 0}} {
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				if status, body := ask(t, s, token, "POST", policiesPath+round.path, both); status != 200 {
					t.Errorf("%d %s", status, body)
				}
				s.AddApp(cf.App{})
				ask(t, s, token, "GET", policiesPath, "")
			})
		}
		group.Wait()
		if got := s.Policies(); len(got) != round.left {
			t.Errorf("after %q: %v", round.path, got)
		}
	}
	changed := 0
	for _, w := range s.Writes() {
		if w.Changed {
			changed++
		}
	}
	if changed != 2 {
		t.Errorf("%d writes changed something, want 2", changed)
	}
}

// With tags of one byte there are 255: a policy that would need one more is
// refused whole, and what others give back is used again.
func TestTagsRunOut(t *testing.T) {
	s := start(t, cf.Options{TagLength: 1})
	token := tokenOf(t, s, s.Client())
	var many []string
	for i := range 254 {
		many = append(many, policy("hub", fmt.Sprint("spoke-", i), "tcp", 1, 1))
	}
	post := func(path string, status int, want string, policies ...string) {
		t.Helper()
		if got, body := ask(t, s, token, "POST", policiesPath+path, request(policies...)); got != status || body != want {
			t.Errorf("%d %s, want %d %s", got, body, status, want)
		}
	}
	post("", 200, "{}", many...)
	post("", 200, "{}", policy("spoke-1", "spoke-2", "tcp", 1, 1))
	post("", 500, `{"error": "database create failed"}`, policy("hub", "one", "udp", 1, 1), policy("spoke-1", "spoke-3", "tcp", 1, 1))
	if n := len(s.Policies()); n != 255 {
		t.Errorf("%d policies, want 255", n)
	}
	post("/delete", 200, "{}", many[9])
	post("", 200, "{}", policy("hub", "one", "udp", 1, 1))
	if _, body := ask(t, s, token, "GET", "/networking/v1/external/tags", ""); !strings.Contains(body, `{"id":"one","tag":"0B","type":"app"}`) {
		t.Errorf("the tag that was given back isn't used again: %s", body)
	}
}
