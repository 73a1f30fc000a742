package source_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

func TestCache(t *testing.T) {
	text := archive(t, "1.2.3", "")
	for _, kind := range []string{"oci", "repository"} {
		t.Run(kind, func(t *testing.T) {
			var requests atomic.Int32
			sources, stop := published(t, text, &requests)
			s, cache := sources[kind], filepath.Join(t.TempDir(), "charts")
			found := fetch(t, cache, s)
			wantArchive(t, found, text)
			wantPrivate(t, cache)

			asked := requests.Load()
			wantArchive(t, fetch(t, cache, s), text)
			s.Digest = digest(text)
			wantArchive(t, fetch(t, cache, s), text)
			if requests.Load() != asked {
				t.Error("what was in the cache was asked for again")
			}

			s.Digest = someDigest
			wantError(t, fetch(t, cache, s), "but the list asks for")
			if requests.Load() == asked {
				t.Error("the cached archive has another digest, and nobody was asked")
			}

			s.Digest = ""
			if err := os.WriteFile(found.Path, text[:len(text)-1], 0o600); err != nil {
				t.Fatal(err)
			}
			wantArchive(t, fetch(t, cache, s), text)

			stop()
			wantArchive(t, fetch(t, cache, s), text)
			s.Digest = someDigest
			wantError(t, fetch(t, cache, s), "refused")
			s.Digest = ""
			if err := os.WriteFile(found.Path, []byte("damaged"), 0o600); err != nil {
				t.Fatal(err)
			}
			wantError(t, fetch(t, cache, s), "connection refused")
			wantError(t, fetch(t, t.TempDir(), s), "connection refused")
			wantPrivate(t, cache)
		})
	}
}

// wantPrivate checks modes, and that no temporary file is left.
func wantPrivate(t *testing.T, cache string) {
	t.Helper()
	info, err := os.Stat(cache)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache has mode %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 || filepath.Ext(e.Name()) == ".part" {
			t.Errorf("the cache holds %s with mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if len(entries) != 2 {
		t.Errorf("the cache holds %v, want an archive and its note", entries)
	}
}

func TestDamagedNote(t *testing.T) {
	text := archive(t, "1.2.3", "")
	var requests atomic.Int32
	sources, _ := published(t, text, &requests)
	cache := t.TempDir()
	wantArchive(t, fetch(t, cache, sources["repository"]), text)
	notes, err := filepath.Glob(filepath.Join(cache, "*.source"))
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	if err := os.WriteFile(notes[0], []byte("sha256:../../etc/passwd x"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantArchive(t, fetch(t, cache, sources["repository"]), text)
}

// TestNewArchive fetches a version that was published anew, and the digest of
// which was asked for.
func TestNewArchive(t *testing.T) {
	first, second := archive(t, "1.2.3", "first"), archive(t, "1.2.3", "second")
	registry := newRegistry()
	server := serve(t, registry)
	s := source.Source{OCI: push(t, registry, server.URL, "1.2.3", first), Version: "1.2.3", PlainHTTP: true}
	cache := t.TempDir()
	wantArchive(t, fetch(t, cache, s), first)
	push(t, registry, server.URL, "1.2.3", second)
	wantArchive(t, fetch(t, cache, s), first)
	s.Digest = digest(second)
	wantArchive(t, fetch(t, cache, s), second)
}

func TestCacheCantBeWritten(t *testing.T) {
	var requests atomic.Int32
	sources, _ := published(t, archive(t, "1.2.3", ""), &requests)
	for _, s := range sources {
		wantError(t, fetch(t, filepath.Join(file(t, ""), "cache"), s), "set CHART_CACHE_DIR to a folder that the broker may write")
	}
}

// TestSharedCache has two fetchers write the same entries at the same time.
func TestSharedCache(t *testing.T) {
	text := archive(t, "1.2.3", "")
	var requests atomic.Int32
	sources, _ := published(t, text, &requests)
	cache := filepath.Join(t.TempDir(), "charts")
	var list []source.Source
	for range 8 {
		list = append(list, sources["oci"], sources["repository"])
	}
	results := make([][]source.Found, 2)
	var both sync.WaitGroup
	for i := range results {
		both.Go(func() {
			results[i] = source.Fetcher{Cache: cache, Timeout: time.Minute}.Fetch(context.Background(), list)
		})
	}
	both.Wait()
	for _, found := range results {
		for _, f := range found {
			wantArchive(t, f, text)
		}
	}
	left, err := filepath.Glob(filepath.Join(cache, "*.part"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}
