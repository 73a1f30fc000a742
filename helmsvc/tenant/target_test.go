package tenant

import "testing"

// TestReleaseName holds the name against one computed by another program.
func TestReleaseName(t *testing.T) {
	if name := ReleaseName("0a1b2c3d-0000-4000-8000-000000000001"); name != "k-e43nqfnb" {
		t.Errorf("release name %q", name)
	}
}

func TestNamespaces(t *testing.T) {
	for id, want := range map[string]string{
		"0a1b2c3d-0000-4000-8000-000000000001": "cf-helm-0a1b2c3d",
		"0A1B2C3D-0000-4000-8000-000000000001": "cf-helm-3d2d9fee",
		"0a1b2c3d000040008000000000000001":     "cf-helm-0c3ebfe9",
		"operator-x":                           "cf-helm-2f490997",
		"a":                                    "cf-helm-ca978112",
	} {
		if have := TargetOf("cf-helm", id).Namespace; have != want {
			t.Errorf("the namespace of %s is %s, want %s", id, have, want)
		}
	}
	if have := LongNamespace("cf-helm", "0a1b2c3d-0000-4000-8000-000000000001"); have != "cf-helm-0a1b2c3d-0000-4000-8000-000000000001" {
		t.Errorf("the long one is %s", have)
	}
}

func TestIsTarget(t *testing.T) {
	const id = "0a1b2c3d-0000-4000-8000-000000000001"
	own := TargetOf("cf-helm", id)
	for name, c := range map[string]struct {
		namespace, release string
		want               bool
	}{
		"an instance's":        {own.Namespace, own.Release, true},
		"in a long namespace":  {LongNamespace("cf-helm", id), own.Release, true},
		"another's there":      {LongNamespace("cf-helm", id), ReleaseName("another"), false},
		"of a longer prefix":   {TargetOf("cf-helm-eu", id).Namespace, own.Release, false},
		"of another prefix":    {TargetOf("cf", id).Namespace, own.Release, false},
		"an operator's":        {"cf-helm-operator-redis", "redis", false},
		"what people install":  {own.Namespace, "redis", false},
		"of no prefix at all":  {"0a1b2c3d", own.Release, false},
		"of Kibosh's instance": {"kibosh-" + id, own.Release, false},
	} {
		if have := IsTarget("cf-helm", c.namespace, c.release); have != c.want {
			t.Errorf("%s: %v", name, have)
		}
	}
}
