package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"

	"github.com/cf-helm-broker/cf-helm-broker/cni/install"
	"github.com/cf-helm-broker/cf-helm-broker/cni/plugin"
	"github.com/cf-helm-broker/cf-helm-broker/cni/pollnow"
	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
)

// Node is what is looked at.
type Node struct {
	BinDir, ConfDir, ConfName string
	Program                   string // the one that looks, which the installed one has to equal
	Socket                    string
	PollURL                   string                             // "": not asked
	Problems                  func(ctx context.Context) []string // what the guard finds
}

// finding is one line of the answer.
type finding struct {
	what string
	err  error // nil: it is right
}

// patience is for one question.
const patience = 15 * time.Second

// Check writes a line for each thing that it looks at, and tells whether all are
// right.
func (n Node) Check(ctx context.Context, out io.Writer) bool {
	right := true
	say := func(f finding) {
		if f.err == nil {
			_, _ = fmt.Fprintf(out, "ok    %s\n", f.what)
			return
		}
		right = false
		_, _ = fmt.Fprintf(out, "WRONG %s: %v\n", f.what, f.err)
	}
	say(finding{"program " + filepath.Join(n.BinDir, plugin.Name), n.program()})
	list, err := n.configuration()
	say(finding{"network configuration " + filepath.Join(n.ConfDir, n.ConfName), err})
	if err == nil {
		for _, kind := range list.programs() {
			say(finding{"plugin " + kind + " in " + n.BinDir, n.find(kind)})
		}
	}
	say(finding{"socket " + n.Socket, n.onlyRoot()})
	for _, f := range n.agent(ctx) {
		say(f)
	}
	if n.PollURL != "" {
		say(finding{"policy agent " + n.PollURL, n.poll(ctx)})
	}
	problems := n.Problems(ctx)
	for _, problem := range problems {
		say(finding{"node", errors.New(problem)})
	}
	if len(problems) == 0 {
		say(finding{"rules and settings of the node", nil})
	}
	return right
}

func (n Node) program() error {
	installed := filepath.Join(n.BinDir, plugin.Name)
	if _, err := os.Stat(installed); errors.Is(err, fs.ErrNotExist) {
		return errors.New("it isn't there; the agent installs it with --cni-bin-dir, if the DaemonSet has a pod on this node")
	}
	same, err := install.Same(installed, n.Program)
	if err != nil {
		return err
	}
	if !same {
		return errors.New("it is of another version than this; let the DaemonSet's pods be replaced on all nodes, or look with the installed one")
	}
	return nil
}

// configuration is the list that the container runtime reads.
type configuration struct {
	CNIVersion  string   `json:"cniVersion"`
	CNIVersions []string `json:"cniVersions"`
	Plugins     []struct {
		Type     string          `json:"type"`
		Socket   string          `json:"socket"`
		Delegate json.RawMessage `json:"delegate"`
	} `json:"plugins"`
}

func (n Node) configuration() (configuration, error) {
	var list configuration
	text, err := os.ReadFile(filepath.Join(n.ConfDir, n.ConfName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return list, errors.New("it isn't there; the agent writes it last, when the node is safe: see its log and `kubectl describe node`")
	case err != nil:
		return list, err
	case json.Unmarshal(text, &list) != nil || len(list.Plugins) == 0 || list.Plugins[0].Type != plugin.Name:
		return list, fmt.Errorf("it has to be a list whose first plugin is %s; correct the ConfigMap that the agent writes it from", plugin.Name)
	case list.Plugins[0].Socket != "" && list.Plugins[0].Socket != n.Socket:
		return list, fmt.Errorf("it has the plugin ask at %s, and the agent is looked for at %s; give both the same", list.Plugins[0].Socket, n.Socket)
	case max(list.CNIVersion, slices.Max(append(list.CNIVersions, ""))) < plugin.Since:
		return list, fmt.Errorf("its cniVersion is %s, and runtimes ask for the node's status from %s on; have cniVersions list that too, with the delegate's own version in its configuration", list.CNIVersion, plugin.Since)
	}
	return list, nil
}

// programs are the plugins that a list needs besides this one, delegates' own
// included.
func (c configuration) programs() []string {
	var kinds []string
	for i, p := range c.Plugins {
		if i > 0 {
			kinds = append(kinds, p.Type)
		}
		text := p.Delegate
		for len(text) > 0 {
			var inner struct {
				Type     string          `json:"type"`
				Delegate json.RawMessage `json:"delegate"`
				IPAM     struct {
					Type string `json:"type"`
				} `json:"ipam"`
			}
			if json.Unmarshal(text, &inner) != nil {
				break
			}
			for _, kind := range []string{inner.Type, inner.IPAM.Type, callsItself(inner.Type)} {
				if kind != "" {
					kinds = append(kinds, kind)
				}
			}
			text = inner.Delegate
		}
	}
	return kinds
}

// callsItself is the plugin that a plugin calls though its configuration names none
// (silk-release v3.53.0).
func callsItself(kind string) string {
	if kind == "silk-cni" {
		return "host-local"
	}
	return ""
}

func (n Node) find(kind string) error {
	if _, err := invoke.FindInPath(kind, []string{n.BinDir}); err != nil {
		return errors.New("it isn't there; install it, for Silk's see silk-release's packages")
	}
	return nil
}

func (n Node) onlyRoot() error {
	about, err := os.Stat(n.Socket)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("it isn't there: the agent has not been started on this node; see the DaemonSet's pods")
	case err != nil:
		return err
	case about.Mode().Type() != fs.ModeSocket:
		return errors.New("it is no socket; remove it, and restart the agent")
	case about.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others than root may use it (%s); restart the agent", about.Mode().Perm())
	}
	return nil
}

func (n Node) agent(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said, err := socket.Client{Path: n.Socket}.Status(ctx)
	if err == nil && !said.Ready {
		err = errors.New(strings.Join(said.Problems, "; "))
	}
	answers := finding{"agent's status", err}
	if err != nil {
		return []finding{answers}
	}
	// A pod that there can't be: what is told of it is that it isn't there, if
	// Kubernetes could be asked.
	_, err = socket.Client{Path: n.Socket}.Belongs(ctx, socket.Pod{Namespace: "default", Name: "c2c-cni-check", UID: "none"})
	if err != nil && strings.Contains(err.Error(), socket.NotHere) {
		err = nil
	}
	return []finding{answers, {"agent's questions to Kubernetes", err}}
}

func (n Node) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return pollnow.Ask(ctx, n.PollURL)
}
