package cause

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// TestOf: what an error is counted as, however it was wrapped, and that this is one of All.
func TestOf(t *testing.T) {
	broken := errors.New("template: no such function")
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for name, c := range map[string]struct {
		err  error
		want Cause
	}{
		"not ready":                      {&readiness.NotReadyError{}, "not-ready"},
		"not ready, and why":             {&readiness.NotReadyError{Progress: readiness.Progress{Cause: readiness.Image}}, "image"},
		"a hook":                         {&readiness.NotReadyError{Progress: readiness.Progress{Cause: readiness.Crash, Hook: true}}, "hook"},
		"not ready in the time limit":    {Else(Late, &readiness.NotReadyError{Progress: readiness.Progress{Cause: readiness.Volume}}), "volume"},
		"no pod for a bind":              {fmt.Errorf("%w after 5s", view.ErrNoReadyPod), "not-ready"},
		"a chart's own mistake":          {Else(Refused, broken), Refused},
		"refused by the API":             {Else(Refused, apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, "x", nil)), Refused},
		"refused by the API, at a bind":  {apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "x", nil), Refused},
		"the API doesn't answer":         {Else(Refused, fmt.Errorf("installing the chart: %w", refused)), Unreachable},
		"the API has troubles":           {Else(Refused, apierrors.NewInternalError(broken)), Unreachable},
		"the API doesn't let it in":      {apierrors.NewUnauthorized("no"), Unreachable},
		"time is up":                     {Else(Late, Else(Refused, broken)), Late},
		"time is up, and context says":   {Else(Refused, context.DeadlineExceeded), Late},
		"no answer in a request's time":  {Else(Late, fmt.Errorf("installing: %w", unanswered(t, false))), Unreachable},
		"half an answer, likewise":       {Else(Refused, unanswered(t, true)), Unreachable},
		"a namespace that stays":         {Else(Late, &tenant.RetryableError{Why: "it is still being deleted"}), Late},
		"a policy is refused":            {&policy.Error{Status: http.StatusForbidden}, Policies},
		"the policy server has troubles": {&policy.Error{Status: http.StatusBadGateway}, Unreachable},
		"no such instance":               {record.ErrNotFound, Request},
		"parameters":                     {&locate.InvalidError{}, Request},
		"the instance is being changed":  {locate.ErrBusy, Request},
		"the instance's create failed":   {&locate.FailedError{}, Request},
		"the broker's own mistake":       {fmt.Errorf("%w; delete the service instance", Else(Broker, broken)), Broker},
		"anything else":                  {broken, Other},
	} {
		got := Of(fmt.Errorf("doing something: %w", c.err))
		if got != c.want {
			t.Errorf("%s is %s, want %s", name, got, c.want)
		}
		if !slices.Contains(All(), got) {
			t.Errorf("%s isn't one of all", got)
		}
	}
	if Else(Broker, nil) != nil {
		t.Error("a mark makes an error")
	}
}

// unanswered is the error of a request whose server hangs, before or within its answer,
// until the request's own time is up.
func unanswered(t *testing.T, within bool) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if within {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 200 * time.Millisecond}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.ReadAll(answer.Body)
	return err
}

// TestHungCF: CF that hangs doesn't answer, be it UAA, in whatever the broker asks.
func TestHungCF(t *testing.T) {
	for _, hangs := range []string{"/", "/oauth/token", "/oauth/token/within", "/networking/v1/external/policies"} {
		end := make(chan struct{})
		server := httptest.NewServer(nil)
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path+"/within" == hangs:
				w.WriteHeader(http.StatusOK)
				_ = http.NewResponseController(w).Flush()
				<-end
			case r.URL.Path == hangs:
				<-end
			case r.URL.Path == "/":
				_, _ = fmt.Fprintf(w, `{"links":{"uaa":{"href":%q},"login":{"href":%[1]q},"network_policy_v1":{"href":"%[1]s/networking/v1/external"},"cloud_controller_v3":{"href":"%[1]s/v3"}}}`, server.URL)
			default:
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprint(w, `{"access_token":"t","token_type":"bearer","expires_in":600}`)
			}
		})
		client := cfapi.New(cfapi.Settings{CFAPIAddress: server.URL, ClientID: "a", ClientSecret: "b", Timeout: 300 * time.Millisecond}, func(string, error) {})
		_, err := client.Call(t.Context(), cfapi.Request{Call: "list", Part: cfapi.PolicyServer, Method: http.MethodGet, Path: "/policies"})
		if got := Of(Else(Refused, err)); got != Unreachable {
			t.Errorf("%s hangs: %s, want %s: %v", hangs, got, Unreachable, err)
		}
		close(end)
		server.Close()
	}
}
