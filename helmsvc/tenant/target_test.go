package tenant

import "testing"

// TestReleaseName holds the name against one computed by another program.
func TestReleaseName(t *testing.T) {
	if name := ReleaseName("0a1b2c3d-0000-4000-8000-000000000001"); name != "k-e43nqfnb" {
		t.Errorf("release name %q", name)
	}
}
