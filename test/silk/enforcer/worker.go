package enforcer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// Options say what kind of worker Start makes.
type Options struct {
	// Node is one of a plain overlay.
	Node *silk.Node
	// Config is the cluster's administrator's.
	Config *rest.Config
	// Program is what Build has built; "": nobody enforces policies on the node.
	Program string
	// Programs are those of pods' images: see pods.Options.
	Programs map[string]string
	// PluginFolder is silk.Overlay.PluginFolder.
	PluginFolder string
}

// Worker is a running worker.
type Worker struct {
	*pods.Runner

	options  Options
	folder   string
	api      io.Closer
	enforcer *rig.Process
}

// Start has policies enforced on the node, registers it, and runs the pods that are
// scheduled there. The caller owes it a Close, before the overlay's.
func Start(ctx context.Context, options Options) (_ *Worker, err error) {
	w := &Worker{options: options}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("starting worker %s: %w", options.Node.Name, err), w.Close())
		}
	}()
	if w.folder, err = options.Node.NewFolder("e"); err != nil {
		return nil, err
	}
	kube, err := kubernetes.NewForConfig(options.Config)
	if err != nil {
		return nil, err
	}
	if options.Program != "" {
		if err := w.enforce(ctx, kube); err != nil {
			return nil, err
		}
	}
	if err := w.writeNetwork(); err != nil {
		return nil, err
	}
	w.Runner, err = pods.Start(ctx, pods.Options{
		Node: options.Node, Kube: kube, ConfDir: w.file("net.d"), CacheDir: w.file("cache"), Programs: options.Programs, BinDirs: []string{options.PluginFolder},
	})
	return w, err
}

func (w *Worker) file(name string) string { return filepath.Join(w.folder, name) }

// writeNetwork writes the network configuration, with the overlay's plugin alone.
func (w *Worker) writeNetwork() error {
	var plugin map[string]any
	if err := json.Unmarshal(w.options.Node.PluginConfig(nil), &plugin); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"cniVersion": plugin["cniVersion"], "name": "plain", "plugins": []any{plugin}})
	if err != nil {
		return err
	}
	if err := os.Mkdir(w.file("net.d"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.file("net.d"), "plain.conflist"), text, 0o600)
}

// queue is the number of the kernel's queue that the program reads by default.
const queue = "100"

// rules have the program be asked about each connection between pods that is new.
const rules = `*mangle
-A POSTROUTING -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A POSTROUTING -s %[1]s -d %[1]s -j NFQUEUE --queue-num ` + queue + `
COMMIT
`

// script starts the program as in a pod: it finds its token where pods have theirs, and
// no container runtime of the machine's.
const script = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/secrets/kubernetes.io
[ /var/run -ef /run ] || mount --bind /run /var/run
ln -s "$FOLDER/account" /run/secrets/kubernetes.io/serviceaccount
exec "$PROGRAM" --hostname-override "$NODE" --metrics-bind-address 127.0.0.1:9080
`

// enforce starts the program in the node's network.
func (w *Worker) enforce(ctx context.Context, kube kubernetes.Interface) error {
	if err := w.writeAccount(ctx, kube); err != nil {
		return err
	}
	if err := w.options.Node.AddRules(fmt.Sprintf(rules, silk.Network)); err != nil {
		return err
	}
	address, err := url.Parse(w.options.Config.Host)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(address.Host)
	if err != nil {
		return err
	}
	if w.api, err = w.options.Node.Forward(address.Host); err != nil {
		return err
	}
	command := exec.Command("nsenter", "--net="+w.options.Node.Path(), "unshare", "--mount", "sh", "-c", script)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "FOLDER=" + w.folder, "PROGRAM=" + w.options.Program, "NODE=" + w.options.Node.Name,
		"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port}
	w.enforcer, err = rig.StartProcess(command)
	return err
}

// writeAccount writes what pods find of their account.
func (w *Worker) writeAccount(ctx context.Context, kube kubernetes.Interface) error {
	token, err := makeAccount(ctx, kube)
	if err != nil {
		return err
	}
	if err := os.Mkdir(w.file("account"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.file("account"), "ca.crt"), w.options.Config.CAData, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.file("account"), "token"), []byte(token), 0o600)
}

// EnforcerLog is what kube-network-policies has said so far.
func (w *Worker) EnforcerLog() string {
	if w.enforcer == nil {
		return ""
	}
	return w.enforcer.Log()
}

// Close takes all pods' networks down and ends the enforcer.
func (w *Worker) Close() error {
	if w.Runner != nil {
		w.Runner.Close()
	}
	var errs []error
	if w.enforcer != nil {
		errs = append(errs, w.enforcer.Kill())
	}
	if w.api != nil {
		errs = append(errs, w.api.Close())
	}
	if w.folder != "" {
		errs = append(errs, os.RemoveAll(w.folder))
	}
	return errors.Join(errs...)
}
