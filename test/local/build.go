package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

// build builds the control plane and says where it is.
func build(ctx context.Context, out printer) error {
	folder, err := cluster.Build(ctx, out)
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	out.line("the control plane is in %s", folder)
	return nil
}

// buildBroker compiles the broker of the module at root into the folder. Go's own temporary files go
// there too, and Go is interrupted instead of killed when ctx ends, so that
// nothing is left of a build that was broken off.
func buildBroker(ctx context.Context, root, folder string) (string, error) {
	binary := filepath.Join(folder, "broker")
	command := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/broker")
	command.Dir = root
	command.Env = append(os.Environ(), "TMPDIR="+folder, "GOTMPDIR="+folder)
	// A group of its own: a terminal's Ctrl-C reaches it through ctx alone.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
	command.WaitDelay = 30 * time.Second
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the broker: %w\n%s", err, output)
	}
	return binary, nil
}
