package podgroup

import "testing"

// TestOfWorkload holds groups against ones computed by another program.
func TestOfWorkload(t *testing.T) {
	for instance, want := range map[string]string{
		"0a1b2c3d-0000-4000-8000-000000000001": "17d2020e-5b94-5c17-a964-72f9629b7a76",
		"not a uuid":                           "1e3071ce-523c-5a1e-bbc2-f88909e3e7df",
	} {
		if got := OfWorkload(instance, "Deployment", "web"); got != want {
			t.Errorf("of %s: %s, want %s", instance, got, want)
		}
	}
}
