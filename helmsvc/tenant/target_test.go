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
