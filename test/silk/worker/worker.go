package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/kubelet"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// Options say what kind of worker Start makes.
type Options struct {
	Node *silk.Node
	// Config is the cluster's administrator's.
	Config *rest.Config
	// Program is the file of c2c-cni.
	Program string
	// PluginFolder has the delegate, silk.Overlay.PluginFolder.
	PluginFolder string
	// Programs are those of pods' images: see pods.Options.
	Programs map[string]string
	// Kubeconfig is a file with a kubelet's rights, for a real kubelet; "": pods are
	// run by test/silk/pods.
	Kubeconfig string
}

// Worker is a running worker.
type Worker struct {
	*pods.Runner // nil where there is a real kubelet
	Kubelet      *kubelet.Kubelet
	Kube         kubernetes.Interface

	options Options
	folder  string
	api     io.Closer
	agent   *rig.Process
}

// Start starts the node's agent, registers the node, and runs the pods that are
// scheduled there. The agent's account has to be there: see MakeAccount. The caller owes the
// worker a Close, before the overlay's.
func Start(ctx context.Context, account *Account, options Options) (_ *Worker, err error) {
	w := &Worker{options: options}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("starting worker %s: %w", options.Node.Name, err), w.Close())
		}
	}()
	if w.Kube, err = kubernetes.NewForConfig(options.Config); err != nil {
		return nil, err
	}
	if w.folder, err = options.Node.NewFolder("w"); err != nil {
		return nil, err
	}
	for _, name := range []string{"bin", "net.d", "cache"} {
		if err := os.Mkdir(w.file(name), 0o700); err != nil {
			return nil, err
		}
	}
	if err := account.kubeconfig(w.file("kubeconfig")); err != nil {
		return nil, err
	}
	if err := w.writeNetwork(account.network); err != nil {
		return nil, err
	}
	address, err := url.Parse(options.Config.Host)
	if err != nil {
		return nil, err
	}
	if w.api, err = options.Node.Forward(address.Host); err != nil {
		return nil, err
	}
	if err := w.StartAgent(); err != nil {
		return nil, err
	}
	if err := w.runPods(ctx); err != nil {
		return nil, err
	}
	return w, nil
}

// runPods has pods run on the node, by whom the options say.
func (w *Worker) runPods(ctx context.Context) (err error) {
	if w.options.Kubeconfig == "" {
		w.Runner, err = pods.Start(ctx, pods.Options{
			Node: w.options.Node, Kube: w.Kube, ConfDir: w.file("net.d"), CacheDir: w.file("cache"), Programs: w.options.Programs,
			BinDirs: []string{w.file("bin"), w.options.PluginFolder},
		})
		return err
	}
	// containerd has one folder of plugins.
	for _, name := range []string{silk.PluginType, "loopback"} {
		if err := os.Symlink(filepath.Join(w.options.PluginFolder, silk.PluginType), filepath.Join(w.file("bin"), name)); err != nil {
			return err
		}
	}
	w.Kubelet, err = kubelet.Start(ctx, kubelet.Options{Node: w.options.Node, Kubeconfig: w.options.Kubeconfig, ConfDir: w.file("net.d"), BinDir: w.file("bin")})
	return err
}

func (w *Worker) file(name string) string { return filepath.Join(w.folder, name) }

// Close takes all pods' networks down and ends the agent.
func (w *Worker) Close() error {
	if w.Runner != nil {
		w.Runner.Close()
	}
	var errs []error
	if w.Kubelet != nil {
		errs = append(errs, w.Kubelet.Close())
	}
	w.KillAgent()
	if w.api != nil {
		errs = append(errs, w.api.Close())
	}
	if w.folder != "" {
		errs = append(errs, os.RemoveAll(w.folder))
	}
	return errors.Join(errs...)
}

// StartAgent starts the agent, unless it runs.
func (w *Worker) StartAgent() (err error) {
	if w.agent != nil {
		return nil
	}
	command := exec.Command("nsenter", append([]string{"--net=" + w.options.Node.Path(), w.options.Program}, w.agentFlags()...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	w.agent, err = rig.StartProcess(command)
	return err
}

// KillAgent ends the agent at once, as a crash would.
func (w *Worker) KillAgent() {
	if w.agent != nil {
		_ = w.agent.Kill() // it may have ended
		w.agent = nil
	}
}

// AgentLog is what the running agent has said so far.
func (w *Worker) AgentLog() string {
	if w.agent == nil {
		return ""
	}
	return w.agent.Log()
}

// Left are networks that c2c-cni has begun and not taken down.
func (w *Worker) Left() ([]string, error) {
	return filepath.Glob(filepath.Join(w.file("attachments"), "*"))
}

func (w *Worker) agentFlags() []string {
	return []string{"agent",
		"--node", w.options.Node.Name, "--node-ip", w.options.Node.Address.String(), "--overlay", silk.Network.String(),
		"--kubeconfig", w.file("kubeconfig"), "--socket", w.file("agent.sock"),
		"--cni-bin-dir", w.file("bin"), "--cni-conf-dir", w.file("net.d"), "--cni-config", w.file("network.conflist"),
		// Nodes share this machine's processes.
		"--proc", "", "--guard-interval", "500ms",
	}
}
