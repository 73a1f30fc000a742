package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// BinDirEnv names an environment variable with a folder that holds the control plane's binaries ready made
	// (etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok). When it is set, nothing is built.
	BinDirEnv = "CF_HELM_BROKER_CONTROLPLANE_DIR"
	// CacheDirEnv names an environment variable with the folder that keeps what was built. The default is
	// cf-helm-broker in os.UserCacheDir.
	CacheDirEnv = "CF_HELM_BROKER_CACHE_DIR"
)

// binaries are the programs of the control plane and the packages that they are built from, the heaviest last.
var binaries = []struct{ name, pkg string }{
	{"etcd", "go.etcd.io/etcd/server/v3"},
	{"kwok", "sigs.k8s.io/kwok/cmd/kwok"},
	{"kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
}

// Build makes sure that the control plane's binaries exist and returns the folder that holds them. The first time on a
// machine it compiles them from Go modules, which takes minutes and is told about on log (nil for silence); after that it
// only looks. Processes that call it at once wait for the first. What is built depends on controlplane/go.mod and go.sum
// and on the Go version only, and appears in the cache in one step, so that a Build that was broken off leaves nothing
// half done behind.
func Build(ctx context.Context, log io.Writer) (binDir string, err error) {
	if dir := os.Getenv(BinDirEnv); dir != "" {
		return dir, checkBinaries(dir)
	}
	if log == nil {
		log = io.Discard
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	if checkBinaries(dir) == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("making the cache for the control plane's binaries: %w", err)
	}
	lock, err := waitForLock(ctx, dir+".lock", log)
	if err != nil {
		return "", fmt.Errorf("waiting for another build of the control plane: %w", err)
	}
	defer lock.release()
	if checkBinaries(dir) == nil {
		return dir, nil
	}
	return dir, buildInto(ctx, dir, log)
}

const unfinished = ".building-"

// clearBrokenOff removes what earlier builds left that were killed. The caller holds the lock, so none of it is in use.
func clearBrokenOff(dir string) error {
	left, err := filepath.Glob(dir + unfinished + "*")
	if err != nil {
		return fmt.Errorf("looking for unfinished builds of the control plane: %w", err)
	}
	for _, path := range append(left, dir) {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing an unfinished build of the control plane: %w", err)
		}
	}
	return nil
}

// buildInto compiles into a folder beside dir and renames that to dir when it is complete.
func buildInto(ctx context.Context, dir string, log io.Writer) error {
	if err := clearBrokenOff(dir); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+unfinished)
	if err != nil {
		return fmt.Errorf("making a folder to build the control plane in: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	flags, err := linkerFlags(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(log, "building the local control plane, once on this machine; it takes some minutes\n")
	start := time.Now()
	for _, b := range binaries {
		if err := buildOne(ctx, filepath.Join(tmp, b.name), b.pkg, flags, log); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(log, "built the local control plane in %d s into %s\n", int(time.Since(start).Seconds()), dir)
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("putting the control plane in place: %w", err)
	}
	return nil
}

func buildOne(ctx context.Context, out, pkg, ldflags string, log io.Writer) error {
	name, start := filepath.Base(out), time.Now()
	_, _ = fmt.Fprintf(log, "building %s ...\n", name)
	done := make(chan error, 1)
	go func() {
		_, err := goTool(ctx, filepath.Dir(out), "build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", out, pkg)
		done <- err
	}()
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("building %s: %w", name, err)
			}
			return nil
		case <-tick.C:
			_, _ = fmt.Fprintf(log, "building %s ... %d s\n", name, int(time.Since(start).Seconds()))
		}
	}
}

// linkerFlags drops what only debuggers need and stamps the Kubernetes version, which a build from modules doesn't know
// and which charts ask for (kubeVersion).
func linkerFlags(ctx context.Context) (string, error) {
	out, err := goTool(ctx, os.TempDir(), "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return "", fmt.Errorf("asking for the Kubernetes version: %w", err)
	}
	version := strings.TrimSpace(out)
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) != 3 {
		return "", fmt.Errorf("the Kubernetes version %q isn't of the form v1.2.3: correct it in controlplane/go.mod", version)
	}
	const at = "-X k8s.io/component-base/version."
	return fmt.Sprintf("-s -w %sgitVersion=%s %sgitMajor=%s %sgitMinor=%s", at, version, at, parts[0], at, parts[1]), nil
}

// goTool runs the go command in the control plane's module, with its temporary files in tmp, and returns what it prints.
func goTool(ctx context.Context, tmp string, args ...string) (string, error) {
	dir, err := moduleDir()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly", "TMPDIR="+tmp, "GOTMPDIR="+tmp)
	cmd.SysProcAttr = dieWithParent()
	// Interrupted, Go ends what it has started and removes what it has made.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	// The thread that starts the command must not end before it: see launcher.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, lastLines(stderr.String(), 10))
	}
	return stdout.String(), nil
}
