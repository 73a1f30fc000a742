package c2c_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestDomains sees all that there are, or says what the client lacks.
func TestDomains(t *testing.T) {
	for authority, c := range map[string]struct {
		want    int
		refused string
	}{
		"cloud_controller.global_auditor": {want: 5002},
		"cloud_controller.admin":          {want: 5002},
		"cloud_controller.read":           {want: 5001},
		"cloud_controller.write":          {refused: "CF-NotAuthorized"},
		"network.write":                   {refused: "Invalid Auth Token"},
	} {
		t.Run(authority, func(t *testing.T) {
			s := stand(t, cf.Options{Client: cf.Client{ID: "b", Secret: "s3cr3t", Authorities: []string{"network.admin", authority}}})
			s.AddDomain(cf.Domain{Name: "private.example.com", Org: "other"})
			for i := range 5001 { // more than a page
				s.AddDomain(cf.Domain{Name: fmt.Sprintf("%d.example.com", i)})
			}
			client := connect(s)
			domains, err := client.Domains(t.Context())
			if c.refused == "" {
				if slices.Sort(domains); err != nil || len(slices.Compact(domains)) != c.want {
					t.Errorf("%d domains, %v, want %d", len(domains), err, c.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.refused) || !strings.Contains(err.Error(), "the authority cloud_controller.global_auditor") || strings.Contains(err.Error(), "SpaceDeveloper") {
				t.Errorf("%v, want %q and what to do", err, c.refused)
			}
			if client.LastError() != nil {
				t.Error("it counts as the policy API's failure")
			}
		})
	}
}
