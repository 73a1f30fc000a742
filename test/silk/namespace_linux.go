package silk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// enter takes this thread into a namespace, and back takes it to where it was.
func enter(path string) (back func() error, err error) {
	before, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("finding this thread's network namespace: %w", err)
	}
	there, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		_ = unix.Close(before)
		return nil, fmt.Errorf("finding network namespace %s: %w", path, err)
	}
	defer func() { _ = unix.Close(there) }()
	if err := unix.Setns(there, unix.CLONE_NEWNET); err != nil {
		_ = unix.Close(before)
		return nil, fmt.Errorf("entering network namespace %s: %w", path, err)
	}
	return func() error {
		defer func() { _ = unix.Close(before) }()
		return unix.Setns(before, unix.CLONE_NEWNET)
	}, nil
}
