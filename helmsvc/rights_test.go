package helmsvc_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// forgetful is an API server that has just started: it refuses the instance's
// first list of Secrets, as long as it doesn't know its RoleBinding.
type forgetful struct {
	next    http.RoundTripper
	words   string
	refused *atomic.Bool
}

func (f forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/secrets") || f.refused.Swap(true) {
		return f.next.RoundTrip(r)
	}
	body := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":` + f.words + `}`
	return &http.Response{
		StatusCode: http.StatusForbidden, Request: r, Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

// TestRefusedForNow takes a refusal that the API server takes back for one that
// passes.
func TestRefusedForNow(t *testing.T) {
	p := confined(t)
	if err := p.Install(t.Context(), p.target, rendered(mapOf), nil); err != nil {
		t.Fatal(err)
	}
	config, refused := rest.CopyConfig(local.RESTConfig()), new(atomic.Bool)
	user := "system:serviceaccount:" + p.ns.Name + ":" + tenant.InstanceAccount
	words := `"secrets is forbidden: User \"` + user + `\" cannot list resource \"secrets\" in API group \"\" in the namespace \"` + p.ns.Name + `\""`
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return forgetful{next, words, refused} })
	c, err := helmsvc.NewCluster(config, helmsvc.Config{Tenants: tenant.Config{Impersonate: true}})
	if err != nil {
		t.Fatal(err)
	}
	var retryable *tenant.RetryableError
	if err := c.Uninstall(t.Context(), p.target, nil); !errors.As(err, &retryable) {
		t.Errorf("the refusal is %v, want one that may pass", err)
	}
	if err := c.Uninstall(t.Context(), p.target, nil); err != nil {
		t.Error(err)
	}
}
