package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// cache keeps archives under their own digest, and for each source a note
// that says which of them is its. Both appear by renaming, so that processes
// which share the folder never see half of one, nor one's note with another's
// archive.
type cache struct {
	folder string
	// reading is held while a repository's index or an archive is being read:
	// one that takes much memory, so one at a time.
	reading *sync.Mutex
}

// lookup returns the path of the archive of s, if it is there and undamaged.
func (c cache) lookup(s Source) (path string, ok bool) {
	text, err := os.ReadFile(c.note(s))
	if err != nil {
		return "", false
	}
	digest, _, _ := strings.Cut(string(text), " ")
	if s.agree(digest) != nil {
		return "", false
	}
	path = c.archive(digest)
	have, err := fileDigest(path)
	return path, err == nil && have == digest
}

// keep moves the fetched archive to its place and notes that it is s's.
func (c cache) keep(s Source, part *os.File, digest string) (path string, err error) {
	path = c.archive(digest)
	if err := settle(part, path); err != nil {
		return "", c.unwritable(err)
	}
	note, err := c.create()
	if err != nil {
		return "", err
	}
	defer discard(note)
	// The name after the digest is for people.
	if _, err := fmt.Fprintln(note, digest, s); err != nil {
		return "", c.unwritable(err)
	}
	if err := settle(note, c.note(s)); err != nil {
		return "", c.unwritable(err)
	}
	return path, nil
}

// create opens a temporary file in the cache, which discard removes unless it
// has settled. Its mode is 0600.
func (c cache) create() (*os.File, error) {
	if c.folder == "" {
		return nil, errors.New("there is no folder to keep it in; set CHART_CACHE_DIR to one that the broker may write")
	}
	if err := os.MkdirAll(c.folder, 0o700); err != nil {
		return nil, c.unwritable(err)
	}
	part, err := os.CreateTemp(c.folder, "*.part")
	if err != nil {
		return nil, c.unwritable(err)
	}
	return part, nil
}

// settle gives a temporary file its final name.
func settle(part *os.File, path string) error {
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

// discard fails for a file that has settled, which is as well.
func discard(part *os.File) {
	_ = part.Close()
	_ = os.Remove(part.Name())
}

func (c cache) unwritable(err error) error {
	return fmt.Errorf("writing the chart cache %s: %w; set CHART_CACHE_DIR to a folder that the broker may write", c.folder, err)
}

func (c cache) note(s Source) string {
	// %q keeps "a"+"bc" and "ab"+"c" apart.
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{s.kind(), s.OCI, s.Repository, s.Chart, s.Version}))
	return filepath.Join(c.folder, hex.EncodeToString(sum[:])+".source")
}

func (c cache) archive(digest string) string {
	return filepath.Join(c.folder, strings.TrimPrefix(digest, "sha256:")+".tgz")
}

func fileDigest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
