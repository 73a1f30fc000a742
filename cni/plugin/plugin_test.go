package plugin

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// got is what the delegate was last given for a command.
func (n *node) got(command string) (args string, c toldConfig) {
	n.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "last-"+command))
	if err != nil {
		n.t.Fatal(err)
	}
	args, configuration, _ := strings.Cut(string(text), "\n")
	if err := json.Unmarshal([]byte(configuration), &c); err != nil {
		n.t.Fatal(err)
	}
	return args, c
}

// TestAdd: the delegate is told of the group, the answer is its own, and DEL leaves
// nothing.
func TestAdd(t *testing.T) {
	n := newNode(t)
	n.version = "1.1.0"
	out, err := n.call("ADD", "c1", map[string]any{"cniVersion": "1.0.0", "metadata": map[string]any{"log_config": "{}", "policy_group_id": "mine"}})
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		CNIVersion string                     `json:"cniVersion"`
		IPs        []struct{ Address string } `json:"ips"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil || result.CNIVersion != "1.1.0" || len(result.IPs) != 1 {
		t.Errorf("the result is %s, %v", out, err)
	}
	args, told := n.got("ADD")
	want := map[string]any{"policy_group_id": group, "space_id": inSpace, "app_id": "c1", "container_workload": "app", "log_config": "{}"}
	if !maps.Equal(told.Metadata, want) || told.CNIVersion != "1.0.0" {
		t.Errorf("the delegate was told %v in version %s", told.Metadata, told.CNIVersion)
	}
	if strings.Contains(args, "IgnoreUnknown=0") || !strings.Contains(args, "IgnoreUnknown=1") || !strings.Contains(args, "K8S_POD_NAME=web-0") {
		t.Errorf("CNI_ARGS are %s", args)
	}
	if pod := <-n.agent.asked; pod != (socket.Pod{Namespace: "ns", Name: "web-0", UID: "u-1", Container: "c1"}) {
		t.Errorf("the agent was asked for %+v", pod)
	}
	n.more["prevResult"] = json.RawMessage(out)
	if _, err := n.call("CHECK", "c1", nil); err != nil {
		t.Error(err)
	}
	if _, given := n.got("CHECK"); given.Previous["cniVersion"] != "1.0.0" {
		t.Errorf("the delegate's earlier result is %v, and it speaks 1.0.0", given.Previous)
	}
	for range 2 {
		if _, err := n.call("DEL", "c1", nil); err != nil {
			t.Error(err)
		}
	}
	if left := n.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestGroups: what the agent says counts, then what the configuration says, and
// nothing that is no UUID.
func TestGroups(t *testing.T) {
	n := newNode(t)
	for name, c := range map[string]struct {
		says, otherwise string
		want            any
		refused         string
	}{
		"none":         {"", "", nil, ""},
		"the default":  {"", inSpace, inSpace, ""},
		"its own":      {group, inSpace, group, ""},
		"no UUID":      {"x; iptables -F", "", nil, "no UUID"},
		"default none": {"", "kube-system", nil, "default_group"},
	} {
		n.agent.member = podgroup.Membership{Group: c.says}
		n.more["default_group"] = c.otherwise
		_, err := n.call("ADD", "c1", nil)
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if _, told := n.got("ADD"); err != nil || told.Metadata["policy_group_id"] != c.want {
			t.Errorf("%s: %v, %v", name, told.Metadata, err)
		}
	}
}

// TestFailures: each is told in words, and leaves nothing.
func TestFailures(t *testing.T) {
	for behaviour, words := range map[string]string{
		"ADD hangs":              "the plugin fake didn't end in time and was killed",
		"ADD prints rubbish":     "the plugin fake printed what isn't a result of CNI",
		"ADD prints without end": "printed more than",
		"ADD fails":              "the plugin fake says: silk-daemon doesn't answer",
		"ADD dies":               "panic: no iptables",
		"ADD has no lease":       "lower the kubelet's maxPods",
		"ADD gives no address":   "no address for the pod",
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			if behaviour == "ADD hangs" {
				n.more["timeout"] = "1s"
			}
			_, err := n.call("ADD", "c1", map[string]any{"behave": behaviour})
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("said: %v", err)
			}
			if left := n.left(); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
			n.more["timeout"] = "30s"
			if _, err := n.call("DEL", "c1", map[string]any{"behave": behaviour}); err != nil {
				t.Errorf("DEL: %v", err)
			}
		})
	}
}

// TestDelFails: what was made and can't be taken down is remembered, and taken down
// by a later call; what was never made is gone.
func TestDelFails(t *testing.T) {
	n := newNode(t)
	if _, err := n.call("ADD", "c1", nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := n.call("DEL", "c1", map[string]any{"behave": "DEL fails"}); err == nil || !strings.Contains(err.Error(), "silk-daemon doesn't answer") {
			t.Errorf("DEL: %v", err)
		}
	}
	if _, err := n.call("DEL", "never", map[string]any{"behave": "DEL dies"}); err != nil {
		t.Errorf("what was never made: %v", err)
	}
	if _, err := n.call("DEL", "c1", nil); err != nil || len(n.left()) > 0 {
		t.Errorf("DEL: %v, left: %v", err, n.left())
	}
	if _, err := n.call("ADD", "c2", map[string]any{"behave": "ADD fails"}); err == nil {
		t.Error("ADD has succeeded")
	}
}

// TestWithoutAgent: nothing starts, everything ends.
func TestWithoutAgent(t *testing.T) {
	n := newNode(t)
	if _, err := n.call("ADD", "c1", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(n.socket); err != nil {
		t.Fatal(err)
	}
	_, err := n.call("ADD", "c2", nil)
	var said *types.Error
	if !errors.As(err, &said) || said.Code != types.ErrTryAgainLater || !strings.Contains(said.Msg, "the node has no agent") {
		t.Errorf("ADD: %v", err)
	}
	n.version = "1.1.0"
	if _, err := n.call("STATUS", "", nil); !errors.As(err, &said) || said.Code != types.ErrPluginNotAvailable {
		t.Errorf("STATUS: %v", err)
	}
	for _, container := range []string{"c1", "c2"} {
		if _, err := n.call("DEL", container, nil); err != nil {
			t.Errorf("DEL: %v", err)
		}
	}
	if left := n.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestRefused: the agent's words reach whoever asked.
func TestRefused(t *testing.T) {
	n := newNode(t)
	n.agent.err = errors.New("pod ns/web-0 is another one by now")
	if _, err := n.call("ADD", "c1", nil); err == nil || !strings.Contains(err.Error(), "is another one by now") {
		t.Errorf("said: %v", err)
	}
	if left := n.left(); len(left) > 0 {
		t.Errorf("the delegate was called: %v", left)
	}
}

// TestStatus is ready only where everything is.
func TestStatus(t *testing.T) {
	n := newNode(t)
	n.version = "1.1.0"
	if _, err := n.call("STATUS", "", nil); err != nil {
		t.Error(err)
	}
	if _, err := n.call("STATUS", "", map[string]any{"type": "absent"}); err == nil || !strings.Contains(err.Error(), "the plugin absent isn't in") {
		t.Errorf("without a delegate: %v", err)
	}
	n.agent.status = socket.Status{Problems: []string{"set masqueradeBit: 30"}}
	var said *types.Error
	if _, err := n.call("STATUS", "", nil); !errors.As(err, &said) || said.Code != types.ErrPluginNotAvailable || said.Msg != "set masqueradeBit: 30" {
		t.Errorf("not safe: %v", err)
	}
}

// TestMissingDelegate: ADD says what to do; DEL of what was made waits for it.
func TestMissingDelegate(t *testing.T) {
	n := newNode(t)
	absent := map[string]any{"type": "absent"}
	if _, err := n.call("ADD", "c1", absent); err == nil || !strings.Contains(err.Error(), "the plugin absent isn't in") {
		t.Errorf("ADD: %v", err)
	}
	if _, err := n.call("DEL", "c1", absent); err != nil {
		t.Errorf("DEL of what was never made: %v", err)
	}
	if left := n.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestDelInTheEnd: what can't be taken down for long doesn't keep its pod, whatever the
// reason, and is taken down when that is possible again.
func TestDelInTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		delegate, more map[string]any
		words          string
	}{
		"no delegate":           {map[string]any{"type": "absent"}, nil, "the plugin absent isn't in"},
		"it fails":              {map[string]any{"behave": "DEL fails"}, nil, "silk-daemon doesn't answer"},
		"a wrong configuration": {nil, map[string]any{"default_group": "kube-system"}, "default_group"},
	} {
		for _, later := range []string{"ADD", "GC"} {
			t.Run(name+", "+later, func(t *testing.T) {
				t.Parallel()
				n := newNode(t)
				n.more["give_up_after"] = "500ms"
				n.add("c1")
				n.add("lives")
				wrong := *n
				wrong.more = map[string]any{"give_up_after": "500ms"}
				maps.Copy(wrong.more, c.more)
				if _, err := wrong.call("DEL", "c1", c.delegate); err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "is tried again") {
					t.Fatalf("the first DEL: %v", err)
				}
				begun := time.Now()
				for {
					if _, err := wrong.call("DEL", "c1", c.delegate); err == nil {
						break
					}
					if time.Since(begun) > 20*time.Second {
						t.Fatal("DEL doesn't succeed in the end")
					}
				}
				if left := n.left(); !slices.Contains(left, "overlay.c1.eth0") {
					t.Fatalf("there is no record: %v", left)
				}
				switch later {
				case "ADD":
					n.add("c2")
				case "GC":
					n.version = "1.1.0"
					n.more["cni.dev/valid-attachments"] = []types.GCAttachment{{ContainerID: "lives", IfName: "eth0"}}
					if _, err := n.call("GC", "", nil); err != nil {
						t.Error(err)
					}
				}
				left := n.left()
				if slices.ContainsFunc(left, func(name string) bool { return strings.Contains(name, "c1") }) {
					t.Errorf("left: %v", left)
				}
				if !slices.Contains(left, "address.lives") {
					t.Errorf("the pod that lives has lost its network: %v", left)
				}
			})
		}
	}
}

// TestDelOfUnopened: a record that can't be opened, or that somebody holds, keeps no pod
// for good either, and what it is of is taken down when it can be.
func TestDelOfUnopened(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, record string) (mend func())
		words string
	}{
		"it can't be opened": {func(t *testing.T, record string) func() {
			must(t, errors.Join(os.Rename(record, record+".aside"), os.Mkdir(record, 0o700)))
			return func() { must(t, errors.Join(os.Remove(record), os.Rename(record+".aside", record))) }
		}, "is a directory"},
		"it is held": {func(t *testing.T, record string) func() {
			file, err := os.Open(record)
			must(t, err)
			must(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
			return func() { must(t, file.Close()) }
		}, "another call for container c1 is still at work"},
	} {
		for _, later := range []string{"ADD", "DEL", "GC"} {
			t.Run(name+", "+later, func(t *testing.T) {
				t.Parallel()
				n := newNode(t)
				n.more["give_up_after"] = "300ms"
				n.add("c1")
				n.more["timeout"] = "200ms"
				mend := c.spoil(t, filepath.Join(filepath.Dir(n.socket), "attachments", "overlay.c1.eth0"))
				if _, err := n.call("DEL", "c1", nil); err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "is tried again") {
					t.Fatalf("the first DEL: %v", err)
				}
				for begun := time.Now(); ; {
					if _, err := n.call("DEL", "c1", nil); err == nil {
						break
					}
					if time.Since(begun) > 20*time.Second {
						t.Fatal("DEL doesn't succeed in the end")
					}
				}
				if left := n.left(); !slices.Contains(left, "address.c1") {
					t.Fatalf("a network was taken down that nobody held: %v", left)
				}
				mend()
				n.more["timeout"] = "30s"
				container := "c2"
				switch later {
				case "DEL":
					container = "c1"
				case "GC":
					n.version, container = "1.1.0", ""
				}
				if _, err := n.call(later, container, nil); err != nil {
					t.Errorf("%s: %v", later, err)
				}
				notes, err := filepath.Glob(filepath.Join(UnopenedDir(n.socket), "*"))
				must(t, err)
				if left := append(n.left(), notes...); slices.ContainsFunc(left, func(name string) bool { return strings.Contains(name, "c1") }) {
					t.Errorf("left: %v", left)
				}
			})
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add makes a network.
func (n *node) add(container string) {
	n.t.Helper()
	if _, err := n.call("ADD", container, nil); err != nil {
		n.t.Fatal(err)
	}
}

// TestLeftHangs: what was left and still can't be taken down keeps no pod from starting.
func TestLeftHangs(t *testing.T) {
	n := newNode(t)
	n.more["give_up_after"] = "1ns"
	n.add("c1")
	if _, err := n.call("DEL", "c1", map[string]any{"type": "absent"}); err != nil {
		t.Fatal(err)
	}
	for _, behave := range []string{"DEL hangs", "DEL fails"} {
		if _, err := n.call("ADD", "c2", map[string]any{"behave": behave}); err != nil {
			t.Errorf("%s: %v", behave, err)
		}
	}
	n.add("c3")
	if left := n.left(); slices.Contains(left, "overlay.c1.eth0") {
		t.Errorf("left: %v", left)
	}
}

// TestCheck: a delegate that knows no CHECK fails nothing; one that finds fault does.
func TestCheck(t *testing.T) {
	n := newNode(t)
	if _, err := n.call("CHECK", "c1", map[string]any{"behave": "CHECK isn't implemented"}); err != nil {
		t.Error(err)
	}
	if _, err := n.call("CHECK", "c1", map[string]any{"behave": "CHECK fails"}); err == nil {
		t.Error("what the delegate says is lost")
	}
}

// TestGC takes down what is left of containers that there aren't any more, with a
// delegate that knows no GC.
func TestGC(t *testing.T) {
	n := newNode(t)
	for _, container := range []string{"gone", "lives"} {
		if _, err := n.call("ADD", container, nil); err != nil {
			t.Fatal(err)
		}
	}
	n.version = "1.1.0"
	n.more["cni.dev/valid-attachments"] = []types.GCAttachment{{ContainerID: "lives", IfName: "eth0"}}
	if _, err := n.call("GC", "", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range n.left() {
		if strings.Contains(name, "gone") {
			t.Errorf("left: %s", name)
		}
	}
	if left := n.left(); len(left) != 4 {
		t.Errorf("of the one that lives there is %v", left)
	}
}

// TestConfigurations that can't be used say what is wrong.
func TestConfigurations(t *testing.T) {
	for text, words := range map[string]string{
		`{"cniVersion":"1.0.0","name":"n","delegate":{}}`:                                  "delegate has no type",
		`{"cniVersion":"1.0.0","name":"n"}`:                                                "delegate has no type",
		`{"cniVersion":"1.0.0","name":"n","delegate":{"type":"c2c-cni"}}`:                  "the plugin itself",
		`{"cniVersion":"1.0.0","name":"n","timeout":"soon","delegate":{"type":"x"}}`:       "timeout",
		`{"cniVersion":"1.0.0","name":"n","timeout":"1h","delegate":{"type":"x"}}`:         "timeout",
		`{"cniVersion":"1.0.0","name":"n","give_up_after":"-1m","delegate":{"type":"x"}}`:  "give_up_after",
		`{"cniVersion":"1.0.0","name":"n","delegate":"x"}`:                                 "can't be read",
		`{"cniVersion":"1.0.0","name":"n","default_group":"kube","delegate":{"type":"x"}}`: "default_group",
	} {
		if _, err := readConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", text, err)
		}
	}
	c, err := readConfig([]byte(`{"cniVersion":"1.1.0","name":"n","delegate":{"type":"x"}}`))
	if err != nil || c.Socket != socket.DefaultPath || c.patience != 30*time.Second || c.version != "1.0.0" {
		t.Errorf("%+v, %v", c, err)
	}
}
