package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Build compiles the broker into dir and returns the binary's path. With race,
// the binary reports data races and then exits with status 66.
func Build(ctx context.Context, dir string, race bool) (string, error) {
	binary := filepath.Join(dir, "broker")
	args := []string{"build", "-o", binary}
	if race {
		args = append(args, "-race")
	}
	command := exec.CommandContext(ctx, "go", append(args, "./cmd/broker")...)
	root, err := Root()
	if err != nil {
		return "", err
	}
	command.Dir = root
	// Go's own temporary files go there too, and Go is interrupted instead of
	// killed when ctx ends, so that nothing is left of a build broken off.
	command.Env = append(os.Environ(), "TMPDIR="+dir, "GOTMPDIR="+dir)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
	command.WaitDelay = 30 * time.Second
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the broker: %w\n%s", err, output)
	}
	return binary, nil
}

// Root is the folder of the module that the caller runs in.
func Root() (string, error) {
	file, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module's folder: %w", err)
	}
	path := strings.TrimSpace(string(file))
	if path == "" || path == os.DevNull {
		return "", fmt.Errorf("finding the module's folder: not inside a Go module")
	}
	return filepath.Dir(path), nil
}
