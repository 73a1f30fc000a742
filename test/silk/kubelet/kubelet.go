package kubelet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

type v1Image = v1.Image

// Missing says which of Debian's programs aren't there, nil if all are.
func Missing() error {
	for program, debian := range map[string]string{"containerd": "containerd", "ctr": "containerd", "runc": "runc", "unshare": "util-linux"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s isn't installed (Debian's package %s)", program, debian)
		}
	}
	return nil
}

// Options say what kind of kubelet Start starts.
type Options struct {
	Node *silk.Node
	// Kubeconfig is a file with a kubelet's rights, good on the node.
	Kubeconfig string
	// ConfDir has network configurations, and BinDir has plugins.
	ConfDir, BinDir string
}

// Kubelet is a running kubelet with its containerd.
type Kubelet struct {
	command *exec.Cmd
	folder  string
	done    chan struct{} // closed when all has ended

	mu   sync.Mutex
	said bytes.Buffer
}

// Start builds the kubelet, unless it is in Go's cache, and starts it and containerd.
// The node registers itself a moment later. The caller owes it a Close.
func Start(ctx context.Context, options Options) (_ *Kubelet, err error) {
	if err := Missing(); err != nil {
		return nil, err
	}
	removeCgroups()
	k := &Kubelet{done: make(chan struct{})}
	if k.folder, err = options.Node.NewFolder("k"); err != nil {
		return nil, err
	}
	program := filepath.Join(k.folder, "kubelet-program")
	if err := build(ctx, program); err != nil {
		return nil, err
	}
	if _, err := writeImages(ctx, k.folder); err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("$FOLDER", k.folder, "$BIN", options.BinDir, "$CONF", options.ConfDir)
	for name, text := range map[string]string{"containerd.toml": containerdConfig, "kubelet.yaml": kubeletConfig} {
		if err := os.WriteFile(filepath.Join(k.folder, name), []byte(fill.Replace(text)), 0o600); err != nil {
			return nil, err
		}
	}
	k.command = exec.Command("nsenter", "--net="+options.Node.Path(),
		"unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script)
	k.command.Env = []string{"PATH=" + os.Getenv("PATH"), "FOLDER=" + k.folder, "KUBELET=" + program, "KUBECONFIG=" + options.Kubeconfig,
		"NODE=" + options.Node.Name, "NODE_IP=" + options.Node.Address.String(), "LABEL=" + pods.WorkerLabel}
	k.command.Stdout, k.command.Stderr, k.command.SysProcAttr = k, k, dieWithParent()
	return k, k.start()
}

// start starts the process from a thread that stays: Linux sends the signal at the
// parent's death when that ends.
func (k *Kubelet) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := k.command.Start()
		started <- err
		if err == nil {
			_ = k.command.Wait() // it is killed
			close(k.done)
		}
	}()
	return <-started
}

// Write takes what it says.
func (k *Kubelet) Write(text []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.said.Write(text)
}

// Log is what the kubelet and containerd have said so far.
func (k *Kubelet) Log() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	containerd, _ := os.ReadFile(filepath.Join(k.folder, "containerd.log")) // there may be none yet
	return k.said.String() + "\n" + string(containerd)
}

// Close ends both and all containers.
func (k *Kubelet) Close() error {
	err := k.command.Process.Kill()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending the kubelet: %w", err)
	}
	<-k.done
	removeCgroups()
	return nil
}

// build compiles the kubelet from the module beside this file.
func build(ctx context.Context, program string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", linkerFlags, "-o", program, "k8s.io/kubernetes/cmd/kubelet")
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return errors.New("finding the kubelet's module: the binary doesn't know its source files")
	}
	command.Dir = filepath.Join(filepath.Dir(file), "program")
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the kubelet: %w\n%s", err, said)
	}
	return nil
}

// linkerFlags drop what only debuggers need, and stamp the version, which the API
// server holds against its own; it is program/go.mod's.
const linkerFlags = "-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"
