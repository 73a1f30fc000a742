package nodefacts

import (
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
	// NodeNetworks are the networks that Kubernetes has given the node, as far as it is
	// known: nobody waits for it. nil: none are.
	NodeNetworks func() []string
	// DaemonURL is silk-daemon's address, where it tells the node's lease.
	DaemonURL string
	// Proc is the folder of the node's processes.
	Proc string
	// Configurations is the folder of network configurations.
	Configurations string
	// Networks is the folder of the plugin's records of pods' networks.
	Networks string
	// Expect is what facts are judged by: rules that it has nothing to do with aren't kept.
	Expect guard.Expect
}

// patience is for one command or request.
const patience = 10 * time.Second

// Read reads what there is. What can't be read, and would have to be known, is told
// as Blind.
func (s Sources) Read(ctx context.Context) guard.Facts {
	facts := guard.Facts{Configurations: configurations(s.Configurations)}
	var blind []error
	standing, err := pods(s.Networks)
	blind = append(blind, err)
	missing := 0
	for _, command := range s.Commands {
		if command == "iptables-save" && len(facts.Rules) > 0 {
			continue // it is one of those that have told, by another name
		}
		rules := guard.NewRules(s.Expect)
		err := run(ctx, command, rules.Take)
		switch {
		case errors.Is(err, exec.ErrNotFound):
			missing++
		case err != nil:
			blind = append(blind, err)
		default:
			facts.Rules = append(facts.Rules, rules)
		}
	}
	if missing == len(s.Commands) && missing > 0 {
		blind = append(blind, fmt.Errorf("none of %s is installed where the agent runs", strings.Join(s.Commands, ", ")))
	}
	// One that has come or gone meanwhile may have no rules, or none any more.
	still, err := pods(s.Networks)
	blind = append(blind, err)
	facts.Pods = slices.DeleteFunc(standing, func(p guard.Pod) bool { return !slices.Contains(still, p) })
	facts.NFTables, err = readNFTables(ctx, s.NFTables)
	blind = append(blind, err)
	if s.NodeNetworks != nil {
		facts.NodeNetworks = s.NodeNetworks()
	}
	if len(facts.NodeNetworks) > 0 {
		facts.Lease = askLease(ctx, s.DaemonURL)
	}
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
