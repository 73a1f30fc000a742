package helmsvc_test

import (
	"errors"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestGoneRelease tells a release without pods from one that somebody has
// removed.
func TestGoneRelease(t *testing.T) {
	p := newPlace(t)
	podless := chart.Rendered{Chart: chartOf("podless", map[string]string{"all.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {key: value}\n"})}
	if err := p.Install(t.Context(), p.target, podless, nil); err != nil {
		t.Fatal(err)
	}
	if view, err := p.ViewReady(t.Context(), p.target, "", 0); err != nil || len(view.Secrets) != 1 {
		t.Errorf("the release offers %+v, %v", view, err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if _, err := p.ViewReady(t.Context(), p.target, "", 0); !errors.Is(err, tenant.ErrGone) {
		t.Errorf("after it was removed: %v", err)
	}
	if err := p.DeleteNamespace(t.Context(), p.ns, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.ViewReady(t.Context(), p.target, "", 0); !errors.Is(err, tenant.ErrGone) {
		t.Errorf("after the namespace was deleted: %v", err)
	}
}
