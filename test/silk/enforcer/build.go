package enforcer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Build compiles kube-network-policies into a folder, unless it is in Go's cache, and
// returns the program's path.
func Build(ctx context.Context, folder string) (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("finding the module of kube-network-policies: the binary doesn't know its source files")
	}
	program := filepath.Join(folder, "kube-network-policies")
	command := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, "sigs.k8s.io/kube-network-policies/cmd")
	command.Dir = filepath.Join(filepath.Dir(file), "program")
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building kube-network-policies: %w\n%s", err, said)
	}
	return program, nil
}
