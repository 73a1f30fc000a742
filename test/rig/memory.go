package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Memory is what processes may use together, the kernel's own bound and the
// kernel's own figures: a control group, of either version.
type Memory struct {
	folder                string
	limit, peak, oomKills string // the names of its files
}

// ErrNoMemoryLimit says that this machine or account can't bound memory.
var ErrNoMemoryLimit = errors.New("no control group for memory can be made here: that takes Linux, root and a writable /sys/fs/cgroup")

// LimitMemory makes a bound of so many bytes. Remove takes it away.
func LimitMemory(bytes int) (*Memory, error) {
	name := "cf-helm-broker-" + uuid.NewString()
	first := &Memory{folder: filepath.Join("/sys/fs/cgroup/memory", name), limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes", oomKills: "memory.oom_control"}
	second := &Memory{folder: filepath.Join("/sys/fs/cgroup", name), limit: "memory.max", peak: "memory.peak", oomKills: "memory.events"}
	for _, m := range []*Memory{first, second} {
		if err := os.Mkdir(m.folder, 0o755); err != nil {
			continue
		}
		err := os.WriteFile(filepath.Join(m.folder, m.limit), []byte(strconv.Itoa(bytes)), 0o600)
		if err == nil {
			return m, nil
		}
		_ = os.Remove(m.folder)
	}
	return nil, ErrNoMemoryLimit
}

// wrap is a command that runs within the bound, with all that it starts.
func (m *Memory) wrap(command ...string) []string {
	if m == nil {
		return command
	}
	return append([]string{"/bin/sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(m.folder, "cgroup.procs")}, command...)
}

// Peak is the most bytes that the processes ever had at a time.
func (m *Memory) Peak() (int, error) {
	text, err := os.ReadFile(filepath.Join(m.folder, m.peak))
	if err != nil {
		return 0, fmt.Errorf("reading what the processes used: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// Kills is how many processes the kernel has ended for using too much.
func (m *Memory) Kills() (int, error) {
	text, err := os.ReadFile(filepath.Join(m.folder, m.oomKills))
	if err != nil {
		return 0, fmt.Errorf("reading how many processes were ended: %w", err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if number, found := strings.CutPrefix(line, "oom_kill "); found {
			return strconv.Atoi(strings.TrimSpace(number))
		}
	}
	return 0, fmt.Errorf("%s doesn't say how many processes were ended", m.oomKills)
}

// Remove takes the bound away. Its processes must have ended; the kernel
// notices a moment later.
func (m *Memory) Remove() error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := os.Remove(m.folder)
		if err == nil || errors.Is(err, os.ErrNotExist) || time.Now().After(deadline) {
			return err
		}
	}
}
