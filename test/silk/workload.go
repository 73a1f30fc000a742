package silk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Workload is an app's container on a cell, or any other with a network of the
// overlay: a namespace without a process.
type Workload struct {
	Namespace
	ID      string
	Address netip.Addr

	node *Node
}

// RunApp starts an app's container, of the group that is the app's GUID, as Garden does
// on a cell. With an empty group it is in none. It is the caller's to Stop.
func (n *Node) RunApp(id, group string) (_ *Workload, err error) {
	w := &Workload{Namespace: n.NewNamespace(id), ID: id, node: n}
	if err := w.Make(); err != nil {
		return nil, err
	}
	metadata := map[string]string{"app_id": id, "container_workload": "app"}
	if group != "" {
		metadata["policy_group_id"] = group
	}
	said, err := n.callPlugin("ADD", w, n.PluginConfig(metadata))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", id, err), w.Remove())
	}
	var result struct {
		IPs []struct {
			Address netip.Prefix `json:"address"`
		} `json:"ips"`
	}
	if err := json.Unmarshal(said, &result); err != nil || len(result.IPs) != 1 {
		return nil, errors.Join(fmt.Errorf("starting %s: the plugin printed %s", id, said), w.Stop())
	}
	w.Address = result.IPs[0].Address.Addr()
	return w, nil
}

// Stop takes the network down, and the namespace.
func (w *Workload) Stop() error {
	_, err := w.node.callPlugin("DEL", w, w.node.PluginConfig(nil))
	return errors.Join(err, w.Remove())
}

// NewNamespace is a namespace's name that belongs to the overlay: Close removes it.
func (n *Node) NewNamespace(name string) Namespace { return n.Namespace + Namespace("."+name) }

// callPlugin runs the plugin on the node as a container runtime does.
func (n *Node) callPlugin(verb string, w *Workload, config []byte) ([]byte, error) {
	command := n.pluginCommand(verb, w, config)
	var said, complaint bytes.Buffer
	command.Stdout, command.Stderr = &said, &complaint
	if err := n.Do(command.Run); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s%s", PluginType, verb, err, said.String(), complaint.String())
	}
	return said.Bytes(), nil
}

func (n *Node) pluginCommand(verb string, w *Workload, config []byte) *exec.Cmd {
	command := exec.Command(filepath.Join(n.overlay.PluginFolder(), PluginType))
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + verb, "CNI_CONTAINERID=" + w.ID,
		"CNI_NETNS=" + w.Path(), "CNI_IFNAME=eth0", "CNI_PATH=" + n.overlay.PluginFolder()}
	command.Stdin = strings.NewReader(string(config))
	return command
}
