package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// How the broker is built.
type How int

const (
	// Plain shares Go's build cache with everything else.
	Plain How = iota
	// Racy reports data races and then exits with status 66.
	Racy
	// Shipped is what `make dist` builds.
	Shipped
)

func (h How) flags() (arguments, environment []string) {
	switch h {
	case Racy:
		return []string{"-race"}, []string{"CGO_ENABLED=1"}
	case Shipped:
		return []string{"-trimpath", "-ldflags", "-s -w"}, []string{"CGO_ENABLED=0"}
	}
	return nil, nil
}

// Build compiles the broker into dir and returns the binary's path.
func Build(ctx context.Context, dir string, how How) (string, error) {
	return BuildProgram(ctx, dir, how, "broker")
}

// BuildProgram compiles the program of that folder of cmd.
func BuildProgram(ctx context.Context, dir string, how How, name string) (string, error) {
	binary := filepath.Join(dir, name)
	flags, environment := how.flags()
	command := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", binary}, flags, []string{"./cmd/" + name})...)
	root, err := Root()
	if err != nil {
		return "", err
	}
	command.Dir = root
	// Go's own temporary files go there too, and Go is interrupted instead of
	// killed when ctx ends, so that nothing is left of a build broken off.
	command.Env = slices.Concat(os.Environ(), []string{"TMPDIR=" + dir, "GOTMPDIR=" + dir}, environment)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
	command.WaitDelay = 10 * time.Second
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, output)
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
