package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	folderPattern = "cf-helm-broker-cluster-*"
	ownerLock     = "owner.lock"
)

// folder is where a cluster keeps all its files. Its lock tells other processes that it is in use.
type folder struct {
	path  string
	owner *fileLock
}

// newFolder makes dir, or a fresh temporary folder when dir is empty. dir must be missing or empty, since Stop removes it.
func newFolder(dir string) (*folder, error) {
	var err error
	if dir == "" {
		sweep()
		dir, err = os.MkdirTemp("", folderPattern)
	} else {
		err = makeEmpty(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("making the cluster's folder: %w", err)
	}
	// Locked under another name first: sweep in another process must never see the lock's file without its lock.
	early := filepath.Join(dir, ownerLock+".new")
	lock, err := tryLock(early)
	if err == nil {
		err = os.Rename(early, filepath.Join(dir, ownerLock))
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("claiming the cluster's folder: %w", err)
	}
	return &folder{path: dir, owner: lock}, nil
}

func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s isn't empty: name a folder that the cluster may remove", dir)
	}
	return nil
}

// remove deletes the folder and lets go of its lock.
func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	f.owner.release()
	return err
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// sweep removes the temporary folders of clusters whose process was killed before it could call Stop. A folder that can't
// be removed is left to the next sweep.
func sweep() {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), folderPattern, ownerLock))
	if err != nil {
		return
	}
	for _, path := range locks {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		lock, err := tryLock(path)
		if err != nil {
			continue
		}
		_ = os.RemoveAll(filepath.Dir(path))
		lock.release()
	}
}
