package nodenetworks

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/rest"
)

// TestAsk: the last answer counts, also while there is none; before the first nobody
// waits for it. A Node that is gone has no networks.
func TestAsk(t *testing.T) {
	var answer atomic.Pointer[http.HandlerFunc]
	is := func(status int, body string) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		})
		answer.Store(&handler)
	}
	hanging := make(chan struct{})
	hangs := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-hanging
		(*answer.Load())(w, r)
	})
	answer.Store(&hangs)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/nodes/n" {
			t.Errorf("it asks for %s", r.URL)
		}
		(*answer.Load())(w, r)
	}))
	defer api.Close()
	asker, err := New(&rest.Config{Host: api.URL}, "n", time.Hour, lager.NewLogger("test"))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan error)
	go func() { asked <- asker.ask(t.Context()) }()
	if got := asker.Networks(); got != nil {
		t.Errorf("before there is an answer: %q", got)
	}
	is(200, `{"kind":"Node","apiVersion":"v1","spec":{"podCIDR":"10.244.4.0/24","podCIDRs":["10.244.4.0/24"]}}`)
	close(hanging)
	if err := <-asked; err != nil || !slices.Equal(asker.Networks(), []string{"10.244.4.0/24"}) {
		t.Errorf("when the API server answers: %q, %v", asker.Networks(), err)
	}
	for _, step := range []struct {
		status int
		body   string
		fails  bool
		want   []string
	}{
		{200, `{"kind":"Node","apiVersion":"v1","spec":{"podCIDRs":["10.244.3.0/24","fd00::/64"]}}`, false, []string{"10.244.3.0/24", "fd00::/64"}},
		{500, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"InternalError","code":500}`, true, []string{"10.244.3.0/24", "fd00::/64"}},
		{403, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`, true, []string{"10.244.3.0/24", "fd00::/64"}},
		{404, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`, false, nil},
		{200, `{"kind":"Node","apiVersion":"v1","spec":{}}`, false, nil},
	} {
		is(step.status, step.body)
		err := asker.ask(t.Context())
		if got := asker.Networks(); (err != nil) != step.fails || !slices.Equal(got, step.want) {
			t.Errorf("%d %s: %q, %v", step.status, step.body, got, err)
		}
	}
}
