package main

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

// TestListTellsWhoHasWhat: the organization by its name or, where the platform hasn't said it, by its GUID.
func TestListTellsWhoHasWhat(t *testing.T) {
	var out strings.Builder
	err := printListing(&out, inspect.Listing{Instances: []inspect.Summary{
		{ID: "a", Organization: "guid-1", OrganizationName: "team", Service: "redis"}, {ID: "b", Organization: "guid-2"}, {ID: "c"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for n, want := range []string{"ID ORG SERVICE", "a team redis", "b guid-2 -", "c - -"} {
		if got := strings.Join(strings.Fields(lines[n])[:3], " "); got != want {
			t.Errorf("line %d begins with %q, want %q", n, got, want)
		}
	}
}

// TestListOfNone doesn't say that there are none where only none was chosen.
func TestListOfNone(t *testing.T) {
	for want, a := range map[string]instancesArguments{
		"BROKER_NAMESPACE says where they are looked for": {},
		"without --service and --state all are listed":    {service: "redis"},
		"of this service or state":                        {state: "failed"},
	} {
		if got := nothingListed(a); !strings.Contains(got, want) {
			t.Errorf("%+v: %q, want %q", a, got, want)
		}
	}
}
