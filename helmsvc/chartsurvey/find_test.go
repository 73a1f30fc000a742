package chartsurvey

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestFind finds charts at any depth, and none within a chart.
func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ files, want []string }{
		"one chart":        {[]string{"Chart.yaml", "charts/sub/Chart.yaml"}, []string{""}},
		"several":          {[]string{"b/Chart.yaml", "a/Chart.yaml", "README.md"}, []string{"a", "b"}},
		"at any depth":     {[]string{"stable/a/Chart.yaml", "x/y/z/c/Chart.yaml", "x/Makefile"}, []string{"stable/a", "x/y/z/c"}},
		"subcharts":        {[]string{"a/Chart.yaml", "a/charts/sub/Chart.yaml", "a/charts/other-1.0.0.tgz"}, []string{"a"}},
		"archives":         {[]string{"x/a-1.0.0.tgz", "x/b/Chart.yaml"}, []string{"x/a-1.0.0.tgz", "x/b"}},
		"hidden":           {[]string{".git/a/Chart.yaml", "a/Chart.yaml"}, []string{"a"}},
		"tsmgr beside one": {[]string{"x/a/Chart.yaml", "x/tsmgr/plans.yaml"}, []string{"x"}},
		"none":             {[]string{"README.md"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, c.files...)
			found, err := find(dir)
			if err != nil {
				t.Fatal(err)
			}
			for i := range found {
				found[i] = strings.TrimPrefix(strings.TrimPrefix(found[i], dir), "/")
			}
			if !slices.Equal(found, c.want) {
				t.Errorf("found are %q, want %q", found, c.want)
			}
		})
	}
	if _, err := find(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that isn't there is no error")
	}
}
