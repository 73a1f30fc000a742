package manifest

import (
	"slices"
	"testing"

	"k8s.io/client-go/kubernetes/scheme"
)

// TestOwnAPIs knows when Kubernetes came to serve a kind, and when it ceased to.
func TestOwnAPIs(t *testing.T) {
	for name, c := range map[string]struct {
		api, since, until string // served in since, and no more in until; "": never, always
	}{
		"a group":                   {"apps/v1", "v1.20.0", ""},
		"a kind":                    {"apps/v1/Deployment", "v1.20.0", ""},
		"the core's":                {"v1/Pod", "v1.20.0", ""},
		"of an API server apart":    {"apiextensions.k8s.io/v1/CustomResourceDefinition", "v1.20.0", ""},
		"a version that was better": {"batch/v1beta1/CronJob", "v1.24.0", "v1.25.0"},
		"with its group":            {"batch/v1beta1", "v1.24.0", "v1.25.0"},
		"policies of old":           {"policy/v1beta1/PodDisruptionBudget", "v1.24.0", "v1.25.0"},
		"one to come":               {"resource.k8s.io/v1/ResourceClaim", "v1.34.0", ""},
		"alpha":                     {"internal.apiserver.k8s.io/v1alpha1", "", ""},
		"beta that is off":          {"resource.k8s.io/v1beta1", "", ""},
		"a list":                    {"v1/PodList", "", ""},
		"an option":                 {"v1/DeleteOptions", "", ""},
	} {
		serves := func(version string) bool { return slices.Contains(OwnAPIs(version), c.api) }
		if c.since == "" && (serves("v1.25.0") || serves("v1.37.0")) {
			t.Errorf("%s: %s is served", name, c.api)
		}
		if c.since != "" && !serves(c.since) || c.until != "" && serves(c.until) {
			t.Errorf("%s: %s isn't served from %s to %q", name, c.api, c.since, c.until)
		}
		if c.until == "" && c.since != "" && !serves("v1.37.1") {
			t.Errorf("%s: %s isn't served now", name, c.api)
		}
	}
	if serves := OwnAPIs("odd"); serves != nil {
		t.Errorf("of a version that is odd: %v", serves)
	}
}

// TestGone holds those that are gone against the types that there are: one that is
// there tells its own end.
func TestGone(t *testing.T) {
	for kind := range gone {
		object, err := scheme.Scheme.New(kind)
		if err != nil {
			continue
		}
		if _, ends := Removed(object); !ends {
			t.Errorf("%s is there", kind)
		}
	}
}
