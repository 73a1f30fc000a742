package names_test

import (
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

func TestMeets(t *testing.T) {
	for domain, want := range map[string]bool{
		"cluster.local":            true,
		"Cluster.Local.":           true,
		"apps.cluster.local":       true,
		"cf-i.svc.cluster.local":   true,
		"local":                    false,
		"apps.internal":            false,
		"mycluster.local":          false,
		"cluster.local.example.de": false,
		"":                         false,
	} {
		if names.Domain("cluster.local").Meets(domain) != want {
			t.Errorf("%q meets the names of cluster.local: %t, want %t", domain, !want, want)
		}
	}
}
