package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// cacheDir is where the binaries for this checkout's controlplane module and this Go version are or will be.
func cacheDir() (string, error) {
	parent := os.Getenv(CacheDirEnv)
	if parent == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("finding a folder for the control plane's binaries (set %s to choose one): %w", CacheDirEnv, err)
		}
		parent = filepath.Join(user, "cf-helm-broker")
	}
	module, err := moduleDir()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", fmt.Errorf("reading what the control plane is built from: %w", err)
		}
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", name, len(content), content)
	}
	_, _ = fmt.Fprintf(hash, "%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return filepath.Join(parent, "controlplane-"+hex.EncodeToString(hash.Sum(nil))[:16]), nil
}

// moduleDir is the folder controlplane beside this source file. A module of its own can't be embedded, so it is looked up
// where the compiler found this file.
func moduleDir() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("finding the control plane's module: the binary doesn't know its source files")
	}
	dir := filepath.Join(filepath.Dir(file), "controlplane")
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("finding the control plane's module (run from a checkout, built without -trimpath, or set %s): %w", BinDirEnv, err)
	}
	return dir, nil
}

// checkBinaries says which binary is missing from dir.
func checkBinaries(dir string) error {
	for _, b := range binaries {
		if _, err := os.Stat(filepath.Join(dir, b.name)); err != nil {
			return fmt.Errorf("looking for the control plane's %s: %w", b.name, err)
		}
	}
	return nil
}
