package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// programs is test/delegate, built: the plugin and its delegate, as they are called.
var programs string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "c2c-plugin-")
	if err != nil {
		panic(err)
	}
	programs = filepath.Join(folder, "delegate")
	// Without the race detector, which takes a tenth of a second to start.
	if said, err := exec.Command("go", "build", "-o", programs, "../../test/delegate").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("building the delegate: %v\n%s", err, said))
	}
	status := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(status)
}

const (
	group   = "0a1b2c3d-0000-4000-8000-000000000001"
	inSpace = "0a1b2c3d-0000-4000-8000-000000000002"
)

// node is a place with a plugin, a delegate and an agent.
type node struct {
	t        *testing.T
	bin, dir string // programs; what the delegate makes
	socket   string
	agent    *told
	version  string
	more     map[string]any // of the plugin's configuration
}

// told is an agent that says what it was told to.
type told struct {
	member podgroup.Membership
	err    error
	status socket.Status
	asked  chan socket.Pod
}

func (a *told) Belongs(_ context.Context, pod socket.Pod) (podgroup.Membership, error) {
	select {
	case a.asked <- pod:
	default:
	}
	return a.member, a.err
}

func (a *told) Status() socket.Status { return a.status }

func newNode(t *testing.T) *node {
	t.Helper()
	n := &node{t: t, bin: t.TempDir(), dir: t.TempDir(), version: "1.0.0", more: map[string]any{}}
	short, err := os.MkdirTemp("", "c2c") // a socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	n.socket = filepath.Join(short, "agent.sock")
	for _, name := range []string{Name, "fake", "fake-child"} {
		if err := os.Symlink(programs, filepath.Join(n.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	n.agent = &told{member: podgroup.Membership{Group: group, Space: inSpace}, status: socket.Status{Ready: true}, asked: make(chan socket.Pod, 1)}
	n.serve()
	return n
}

func (n *node) serve() {
	n.t.Helper()
	listener, err := socket.Listen(n.socket)
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(n.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := socket.Serve(ctx, listener, n.agent); err != nil {
			n.t.Error(err)
		}
	}()
	n.t.Cleanup(func() { cancel(); <-done })
}

// command is a call of the plugin; delegate is its delegate's configuration.
func (n *node) command(command, container string, delegate map[string]any) *exec.Cmd {
	n.t.Helper()
	with := map[string]any{"type": "fake", "dir": n.dir}
	for key, value := range delegate {
		with[key] = value
	}
	all := map[string]any{"cniVersion": n.version, "name": "overlay", "type": Name, "socket": n.socket, "timeout": "30s", "delegate": with}
	for key, value := range n.more {
		all[key] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		n.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(n.bin, Name))
	cmd.Stdin = strings.NewReader(string(text))
	cmd.Env = append(os.Environ(), "CNI_COMMAND="+command, "CNI_CONTAINERID="+container, "CNI_NETNS=/proc/none", "CNI_IFNAME=eth0", "CNI_PATH="+n.bin,
		"CNI_NETNS_OVERRIDE=1", "CNI_ARGS=IgnoreUnknown=0;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_UID=u-1;K8S_POD_INFRA_CONTAINER_ID="+container)
	return cmd
}

// call calls the plugin, and returns what it prints or says.
func (n *node) call(command, container string, delegate map[string]any) (string, error) {
	n.t.Helper()
	out, err := n.command(command, container, delegate).Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return string(out), err
	}
	var said types.Error
	if json.Unmarshal(out, &said) != nil {
		return "", fmt.Errorf("the plugin failed with no CNI error: %q %s", out, exit.Stderr)
	}
	return "", &said
}

// left is what the delegate has made and not taken down, and what is recorded.
func (n *node) left() []string {
	n.t.Helper()
	var all []string
	for _, dir := range []string{n.dir, filepath.Join(filepath.Dir(n.socket), "attachments")} {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			n.t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasPrefix(filepath.Base(f), "last-") {
				all = append(all, filepath.Base(f))
			}
		}
	}
	return all
}

// toldConfig is what the delegate was told (test/delegate).
type toldConfig struct {
	CNIVersion string         `json:"cniVersion"`
	Metadata   map[string]any `json:"metadata"`
	Previous   map[string]any `json:"prevResult"`
}
