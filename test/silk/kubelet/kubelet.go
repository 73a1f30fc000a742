package kubelet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
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
	process *rig.Process
	folder  string
}

// Start builds the kubelet, unless it is in Go's cache, and starts it and containerd.
// The node registers itself a moment later. The caller owes it a Close.
func Start(ctx context.Context, options Options) (_ *Kubelet, err error) {
	if err := Missing(); err != nil {
		return nil, err
	}
	removeCgroups()
	k := &Kubelet{}
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
	command := exec.Command("nsenter", "--net="+options.Node.Path(),
		"unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "FOLDER=" + k.folder, "KUBELET=" + program, "KUBECONFIG=" + options.Kubeconfig,
		"NODE=" + options.Node.Name, "NODE_IP=" + options.Node.Address.String(), "LABEL=" + pods.WorkerLabel}
	if k.process, err = rig.StartProcess(command); err != nil {
		return nil, fmt.Errorf("starting the kubelet: %w", err)
	}
	return k, nil
}

// Log is what the kubelet and containerd have said so far.
func (k *Kubelet) Log() string {
	containerd, _ := os.ReadFile(filepath.Join(k.folder, "containerd.log")) // there may be none yet
	return k.process.Log() + "\n" + string(containerd)
}

// Close ends both and all containers.
func (k *Kubelet) Close() error {
	if err := k.process.Kill(); err != nil {
		return fmt.Errorf("ending the kubelet: %w", err)
	}
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
