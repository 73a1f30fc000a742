package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// write makes a folder of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// file makes one file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	return filepath.Join(write(t, map[string]string{"file": text}), "file")
}

// archive packs a chart named redis as `helm package` does; note tells archives of one
// version apart.
func archive(t *testing.T, version, note string) []byte {
	t.Helper()
	path, err := chartutil.Save(&helmchart.Chart{
		Metadata: &helmchart.Metadata{APIVersion: "v2", Name: "redis", Version: version, Description: note},
	}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// fetch fetches one source into the cache.
func fetch(t *testing.T, cache string, s source.Source) source.Found {
	t.Helper()
	found := source.Fetcher{Cache: cache, Timeout: time.Minute}.Fetch(context.Background(), []source.Source{s})
	if len(found) != 1 {
		t.Fatalf("%s is %d charts: %v", s, len(found), found)
	}
	return found[0]
}

// wantArchive checks that the chart was found and is that one.
func wantArchive(t *testing.T, found source.Found, want []byte) {
	t.Helper()
	if found.Err != nil {
		t.Fatal(found.Err)
	}
	have, err := os.ReadFile(found.Path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s isn't the archive that was published", found.Path)
	}
}

// wantError checks that there is no chart, and each of the words in why.
func wantError(t *testing.T, found source.Found, words ...string) {
	t.Helper()
	if found.Err == nil || found.Path != "" {
		t.Fatalf("%+v, want an error", found)
	}
	for _, w := range append(words, found.From) {
		if !strings.Contains(found.Err.Error(), w) {
			t.Errorf("the error is %q, want %q in it", found.Err, w)
		}
	}
	if strings.Contains(found.Err.Error(), password) {
		t.Errorf("the error tells the password: %q", found.Err)
	}
}
