package names_test

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

func TestParseDomain(t *testing.T) {
	for text, want := range map[string]string{
		"cluster.local":           "cluster.local",
		"Cluster.Local.":          "cluster.local",
		"k8s":                     "k8s",
		"":                        "the cluster's domain is empty; give the one that kubelets are told of as clusterDomain",
		".":                       "is empty",
		"cluster..local":          `"" isn't made of letters`,
		"cluster.local..":         `"" isn't made of letters`,
		"a_b.local":               `"a_b" isn't made of letters, digits and hyphens`,
		"-a.local":                "no hyphen at either end",
		strings.Repeat("d", 64):   "has 64 characters, and DNS allows 63",
		strings.Repeat("d.", 130): "more than the 253",
	} {
		domain, err := names.ParseDomain(text)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %q", text, err, want)
			}
			continue
		}
		if string(domain) != want {
			t.Errorf("%q: %s, want %s", text, domain, want)
		}
	}
}
