package history

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
)

// TestCheckSize goes by the packed record, without the chart's own files.
func TestCheckSize(t *testing.T) {
	noise := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	hard := hex.EncodeToString(noise) // of which packing leaves a half
	for name, c := range map[string]struct {
		release release.Release
		fits    bool
	}{
		"a text that is simple": {release.Release{Manifest: strings.Repeat("a: b\n", 1<<20)}, true},
		"half of what it holds": {release.Release{Manifest: hard[:len(hard)/2]}, true},
		"more than it holds":    {release.Release{Manifest: hard}, false},
		"in a hook":             {release.Release{Hooks: []*release.Hook{{Manifest: hard}}}, false},
		"in the values":         {release.Release{Config: map[string]any{"a": hard}}, false},
		"in the chart's files":  {release.Release{Chart: &helmchart.Chart{Files: []*helmchart.File{{Data: noise}}}}, true},
	} {
		c.release.Info = new(release.Info)
		err := CheckSize(&c.release)
		var large *TooLargeError
		if (err == nil) != c.fits || err != nil && (!errors.As(err, &large) || large.Size <= 1<<20) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
