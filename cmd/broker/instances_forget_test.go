package main

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestPrintLeftover: how policies are deleted by hand is told for just the networks that
// may have them.
func TestPrintLeftover(t *testing.T) {
	const app, group = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"
	ways := map[string]string{
		policy.C2C: "cf curl -X POST /networking/v1/external/policies/delete -d '{\"policies\":", policy.NetworkPolicy: "NetworkPolicies in the apps' namespace",
		policy.SecurityGroup: "cf-helm-broker-" + group + "-",
	}
	for _, networks := range [][]string{nil, {policy.C2C}, {policy.NetworkPolicy}, {policy.SecurityGroup}, {policy.C2C, policy.SecurityGroup}} {
		left := inspect.Leftover{Networks: networks, CredHub: []string{"/c/broker/db/b/secrets-and-services"}}
		if len(networks) > 0 {
			left.Policies = []policy.Policy{policy.To(app, group, "tcp", 5432)}
		}
		var text strings.Builder
		if err := printLeftover(&text, "left:", left); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), "credhub delete -n /c/broker/db/b/secrets-and-services\n") {
			t.Errorf("it doesn't tell how to delete what is in CredHub:\n%s", text.String())
		}
		for network, way := range ways {
			want := strings.Contains(strings.Join(networks, " "), network)
			if got := strings.Contains(text.String(), way); got != want {
				t.Errorf("on %v: that it tells how to delete what is on %s is %t:\n%s", networks, network, got, text.String())
			}
		}
	}
}
