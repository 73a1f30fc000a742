package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestPublishedChart offers a chart as it was published, without any of the broker's files: apps find
// what they look for all the same.
func TestPublishedChart(t *testing.T) {
	f := newFoundation(t, "charts-published", nil)
	i := f.create("valkey", "default", nil)
	app := f.app()
	var body struct{ Credentials map[string]any }
	f.must(f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), app)).Decode(&body))
	got := body.Credentials
	host, _ := got["host"].(string)
	f.wantOverlayPod(i, host, "-valkey-primary-")
	password, _ := got["password"].(string)
	if want := fmt.Sprintf("redis://:%s@%s:6379", password, host); len(password) != 16 || got["uri"] != want || got["port"] != 6379.0 {
		t.Errorf("the credentials are %v, want the URI %s", got, want)
	}
	f.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", 6379, 6379))
	if strings.Contains(f.broker.Log(), password) || strings.Contains(fmt.Sprint(got), "endpoints") {
		t.Errorf("the password is logged, or the raw form is handed out: %v", got)
	}
	f.delete(i)
}

// TestRawForm: without the library such a chart's whole view is handed out, as Kibosh did.
func TestRawForm(t *testing.T) {
	f := newFoundation(t, "charts-published", map[string]string{"BIND_LIBRARY": "none"})
	i := f.create("valkey", "default", nil)
	var body struct{ Credentials credentials }
	f.must(f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app())).Decode(&body))
	if len(body.Credentials.Secrets) != 1 || len(body.Credentials.Endpoints) != 1 {
		t.Errorf("the credentials are %+v", body.Credentials)
	}
}
