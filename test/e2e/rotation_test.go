package e2e

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// endpointsOf binds the app once more, and returns where the credentials lead.
func (f *foundation) endpointsOf(i rig.Instance, binding, app string) (hosts []string) {
	f.t.Helper()
	var bound struct{ Credentials credentials }
	f.must(f.want(201)(f.Bind(f.t.Context(), i, binding, app)).Decode(&bound))
	for _, e := range bound.Credentials.Endpoints {
		hosts = append(hosts, e.Host)
	}
	if len(hosts) == 0 {
		f.t.Fatal("the credentials lead nowhere")
	}
	return hosts
}

// TestFromAddressesToNames goes the way that docs/names.md describes: `cf bind-service
// --strategy multiple` makes another binding of the same app to the same instance,
// with names, `cf restage --strategy rolling` has the app use it, and `cf
// cleanup-outdated-service-bindings` deletes the one from before. What is open to the
// app is held by both, and stays open all the time.
func TestFromAddressesToNames(t *testing.T) {
	f := newByName(t, accessCharts)
	f.restart(map[string]string{"ADDRESSES": "pods", "POLICY_RESYNC": "200ms"})
	i, app, old, renewed := f.create("pair", "both", nil), f.app(), uuid.NewString(), uuid.NewString()
	open := func(web int) []cf.Policy {
		return []cf.Policy{cf.NewPolicy(app, i.ID, "tcp", web, web), cf.NewPolicy(app, i.ID, "tcp", 5432, 5432)}
	}
	for _, host := range f.endpointsOf(i, old, app) {
		if strings.Contains(host, ".svc.") {
			t.Fatalf("with ADDRESSES=pods the credentials hold the name %s", host)
		}
	}
	f.wantPolicies(open(8080)...)

	f.restart(map[string]string{"ADDRESSES": "names"})
	f.wantPolicies(open(8080)...)
	names := f.endpointsOf(i, renewed, app)
	f.wantPolicies(open(8080)...)
	for _, name := range names {
		f.resolves(i, name)
	}

	f.movePods(i, 8081) // while the app runs with either
	f.eventually("both bindings follow the pods", func() bool { return f.samePolicies(open(8081)) })
	f.wantStale(1)

	const deletes = "POST /networking/v1/external/policies/delete"
	before := f.cf.Requests()[deletes]
	f.want(200)(f.Unbind(t.Context(), i, old))
	f.wantPolicies(open(8081)...)
	if asked := f.cf.Requests()[deletes]; asked != before {
		t.Errorf("the unbind of one of two bindings has asked %d times for policies to be deleted", asked-before)
	}
	f.wantStale(0)
	for _, name := range names {
		f.resolves(i, name)
	}

	f.want(200)(f.Unbind(t.Context(), i, renewed))
	f.wantPolicies()
	for _, name := range names {
		f.gone(name)
	}
	f.delete(i)
}
