package nodefacts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/cni/guard"
)

// Sources are where facts are read. Any may be empty: there is none.
type Sources struct {
	// Commands print rules as iptables-save does; those that aren't installed are
	// left out, but for one at least.
	Commands []string
	// NFTables is nft, which prints the rules of nftables.
	NFTables string
	// ProxyURL is kube-proxy's address of metrics, where it shows its settings.
	ProxyURL string
	// ProxyFile and KubeletFile are configuration files.
	ProxyFile, KubeletFile string
	// Proc is the folder of the node's processes.
	Proc string
	// Configurations is the folder of network configurations.
	Configurations string
	// Networks is the folder of the plugin's records of pods' networks.
	Networks string
}

const (
	// patience is for one command or request.
	patience = 10 * time.Second
	// mostOutput bounds what is read, in bytes: a node of 250 pods has a few MB of
	// rules at most.
	mostOutput = 64 << 20
)

// Read reads what there is. What can't be read, and would have to be known, is told
// as Blind.
func (s Sources) Read(ctx context.Context) guard.Facts {
	facts := guard.Facts{Configurations: configurations(s.Configurations)}
	var blind []error
	standing, err := pods(s.Networks)
	blind = append(blind, err)
	for _, command := range s.Commands {
		if command == "iptables-save" && len(facts.Rules) > 0 {
			continue // it is one of those that have told, by another name
		}
		text, err := run(ctx, command)
		switch {
		case errors.Is(err, exec.ErrNotFound):
		case err != nil:
			blind = append(blind, err)
		default:
			facts.Rules = append(facts.Rules, text)
		}
	}
	if len(facts.Rules) == 0 && len(s.Commands) > 0 {
		blind = append(blind, fmt.Errorf("none of %s is installed where the agent runs", strings.Join(s.Commands, ", ")))
	}
	// One that has come or gone meanwhile may have no rules, or none any more.
	still, err := pods(s.Networks)
	blind = append(blind, err)
	facts.Pods = slices.DeleteFunc(standing, func(p guard.Pod) bool { return !slices.Contains(still, p) })
	facts.NFTables, err = readNFTables(ctx, s.NFTables)
	blind = append(blind, err)
	for _, read := range []func() (*guard.Proxy, error){
		func() (*guard.Proxy, error) { return askProxy(ctx, s.ProxyURL) },
		func() (*guard.Proxy, error) { return readProxy(s.ProxyFile) },
	} {
		proxy, err := read()
		if err != nil {
			blind = append(blind, err)
		}
		if proxy != nil {
			facts.Proxies = append(facts.Proxies, *proxy)
		}
	}
	hairpin, err := readHairpin(s.KubeletFile)
	if err != nil {
		blind = append(blind, err)
	}
	facts.Hairpin, facts.Commands = hairpin, commandLines(s.Proc)
	if err := errors.Join(blind...); err != nil {
		facts.Blind = "the node's rules can't be looked at, and pods aren't started unseen: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return facts
}

// run returns what a command prints.
func run(ctx context.Context, command string) (string, error) {
	words := strings.Fields(command)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the operator's settings name it
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &limited{&out}, &limited{&complaint}, time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w %s", command, err, strings.TrimSpace(shortened(complaint.String())))
	}
	return out.String(), nil
}

func shortened(text string) string { return strings.ToValidUTF8(text[:min(len(text), 300)], "") }

// limited takes so much and no more.
type limited struct{ *bytes.Buffer }

func (l *limited) Write(text []byte) (int, error) {
	if l.Len()+len(text) > mostOutput {
		return 0, fmt.Errorf("it prints more than %d bytes", mostOutput)
	}
	return l.Buffer.Write(text)
}
