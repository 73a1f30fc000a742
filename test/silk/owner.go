package silk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

const prefix = "silk-test."

var count atomic.Int64

// newOwner is what the names of an overlay begin with: this process, told by its
// number and start, and a number of the overlay's.
func newOwner() (string, error) {
	process, err := processName(os.Getpid())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s%s.%d", prefix, process, count.Add(1)), nil
}

// processName is a process's number and when it was started, which no two have in
// common.
func processName(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", fmt.Errorf("looking at process %d: %w", pid, err)
	}
	// Behind the name, which may hold anything, the start is the 20th field (proc(5)).
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return "", fmt.Errorf("process %d has no start", pid)
	}
	return fmt.Sprintf("%d-%s", pid, fields[19]), nil
}

// sweep removes what processes have left that are gone: namespaces, and with them
// links and rules, and folders.
func sweep() error {
	var errs []error
	for folder, remove := range map[string]func(name string) error{
		namespaces:   func(name string) error { return Namespace(name).Remove() },
		os.TempDir(): func(name string) error { return os.RemoveAll(filepath.Join(os.TempDir(), name)) },
	} {
		found, err := filepath.Glob(filepath.Join(folder, prefix+"*"))
		errs = append(errs, err)
		for _, path := range found {
			if name := filepath.Base(path); isOrphan(name) {
				errs = append(errs, remove(name))
			}
		}
	}
	return errors.Join(errs...)
}

func isOrphan(name string) bool {
	process, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), ".")
	text, _, _ := strings.Cut(process, "-")
	pid, err := strconv.Atoi(text)
	if err != nil {
		return false // not of this package
	}
	now, err := processName(pid)
	return err != nil || now != process
}
