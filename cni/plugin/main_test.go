package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestMain is three programs by the name it is called by: the tests, the plugin, and
// a delegate that does as its configuration says.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case Name:
		if err := Main(context.Background()); err != nil {
			_ = err.Print()
			os.Exit(1)
		}
	case "fake", "fake-child":
		fake()
	default:
		os.Exit(m.Run())
	}
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{Name, "fake", "fake-child"} {
		if err := os.Symlink(self, filepath.Join(n.bin, name)); err != nil {
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
		"CNI_NETNS_OVERRIDE=1", "GORACE=atexit_sleep_ms=0", "CNI_ARGS=IgnoreUnknown=0;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_UID=u-1;K8S_POD_INFRA_CONTAINER_ID="+container)
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

// fakeConfig is how the fake delegate is told what to do.
type fakeConfig struct {
	CNIVersion string         `json:"cniVersion"`
	Dir        string         `json:"dir"`
	Behave     string         `json:"behave"`
	Metadata   map[string]any `json:"metadata"`
	Previous   map[string]any `json:"prevResult"`
}

// fake is a delegate that keeps an address, a store's entry and a rule for each
// container as files, and takes a moment between each.
func fake() {
	text, _ := io.ReadAll(os.Stdin)
	var c fakeConfig
	if err := json.Unmarshal(text, &c); err != nil {
		say(types.ErrDecodingFailure, err.Error())
	}
	id, command := os.Getenv("CNI_CONTAINERID"), os.Getenv("CNI_COMMAND")
	if filepath.Base(os.Args[0]) == "fake-child" {
		// What a plugin's own delegate does when the plugin has been killed.
		time.Sleep(30 * time.Millisecond)
		touch(c.Dir, "child."+id)
		return
	}
	if command == "VERSION" {
		fmt.Print(`{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}`)
		return
	}
	_ = os.WriteFile(filepath.Join(c.Dir, "last-"+command), append([]byte(os.Getenv("CNI_ARGS")+"\n"), text...), 0o600)
	switch c.Behave {
	case command + " hangs":
		touch(c.Dir, "address."+id)
		time.Sleep(time.Hour)
	case command + " prints rubbish":
		touch(c.Dir, "address."+id)
		fmt.Print("eth0: <BROADCAST> mtu 1500")
		return
	case command + " prints without end":
		for {
			fmt.Print(strings.Repeat("x", 1<<16))
		}
	case command + " fails":
		touch(c.Dir, "address."+id)
		say(100, "silk-daemon doesn't answer")
	case command + " dies":
		fmt.Fprint(os.Stderr, "panic: no iptables")
		os.Exit(2)
	case command + " has no lease":
		say(types.ErrInternal, `failed to allocate for range 0: no IP addresses available in range set: 10.255.7.1-10.255.7.254`)
	case command + " gives no address":
		touch(c.Dir, "address."+id)
		fmt.Printf(`{"cniVersion":%q,"ips":[]}`, c.CNIVersion)
		return
	case command + " isn't implemented":
		say(types.ErrInternal, "Meow this isn't implemented yet")
	}
	switch command {
	case "ADD":
		for _, what := range []string{"address", "store", "rule"} {
			touch(c.Dir, what+"."+id)
			time.Sleep(3 * time.Millisecond)
		}
		if c.Behave == "child" {
			child := exec.Command(filepath.Join(os.Getenv("CNI_PATH"), "fake-child"))
			child.Stdin = strings.NewReader(string(text))
			_ = child.Run()
		}
		fmt.Printf(`{"cniVersion":%q,"ips":[{"address":"10.255.7.2/32"}]}`, c.CNIVersion)
	case "DEL":
		for _, what := range []string{"address", "store", "rule", "child"} {
			_ = os.Remove(filepath.Join(c.Dir, what+"."+id))
		}
	}
}

func touch(dir, name string) { _ = os.WriteFile(filepath.Join(dir, name), nil, 0o600) }

func say(code uint, words string) {
	_ = types.NewError(code, words, "").Print()
	os.Exit(1)
}
