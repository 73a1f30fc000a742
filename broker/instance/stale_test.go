package instance

import "testing"

func TestStaleText(t *testing.T) {
	for _, c := range []struct {
		apps, keys int
		want       string
	}{
		{0, 0, ""},
		{1, 0, "1 binding holds addresses of pods that are gone: bind the app again and restage it"},
		{2, 0, "2 bindings hold addresses of pods that are gone: bind the apps again and restage them"},
		{0, 1, "1 service key holds addresses of pods that are gone: make it again"},
		{1, 3, "1 binding holds addresses of pods that are gone: bind the app again and restage it; 3 service keys hold addresses of pods that are gone: make them again"},
	} {
		if got := staleText(c.apps, c.keys); got != c.want {
			t.Errorf("%d bindings and %d keys: %q, want %q", c.apps, c.keys, got, c.want)
		}
	}
}
