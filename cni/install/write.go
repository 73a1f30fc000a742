package install

import (
	"bytes"
	"os"
	"path/filepath"
)

// ensure has a file hold just this, and tells whether it has written it.
func ensure(path string, text []byte, mode os.FileMode) (bool, error) {
	if has, err := os.ReadFile(path); err == nil && bytes.Equal(has, text) {
		return false, os.Chmod(path, mode)
	}
	err := replace(path, text, mode)
	return err == nil, err
}

// replace writes a file. Whoever reads it sees all of it or what was there before.
func replace(path string, text []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // others' programs are in there, too
		return err
	}
	// Its name begins with a dot and ends in none that container runtimes read.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // unless it has been renamed
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(file.Name(), mode)
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	return err
}
