package guard

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// defaultBit is kube-proxy's masqueradeBit where nothing is set.
const defaultBit = 14

func judgeProxy(p Proxy, expect Expect) []string {
	var problems []string
	kind, bit := "iptables", p.IPTablesBit
	if p.Mode == "nftables" {
		kind, bit = "nftables", p.NFTablesBit
	}
	if marked := orDefault(bit); marked < 16 {
		problems = append(problems, fmt.Sprintf(
			"kube-proxy (%s) marks packets with bit %d, which is a bit of the overlay's tags, and lets pods through that Silk denies: set `%s: {masqueradeBit: 30}` in kube-proxy's configuration and restart it",
			p.From, marked, kind))
	}
	return append(problems, judgeCIDRs("kube-proxy ("+p.From+")", p.ClusterCIDRs, expect)...)
}

func orDefault(bit *int) int {
	if bit == nil {
		return defaultBit
	}
	return *bit
}

// judgeCIDRs holds what is called the cluster's network against the overlay: from
// elsewhere kube-proxy masquerades, and a packet loses whose it is.
func judgeCIDRs(whose string, cidrs []string, expect Expect) []string {
	if expect.Overlay == "" {
		return nil
	}
	for _, cidr := range cidrs {
		if cidr != "" && !sameNetwork(cidr, expect.Overlay) {
			return []string{fmt.Sprintf("%s takes %.60q for the cluster's network, and pods are in %s: set clusterCIDR (--cluster-cidr) to that", whose, cidr, expect.Overlay)}
		}
	}
	return nil
}

func sameNetwork(a, b string) bool {
	one, err := netip.ParsePrefix(strings.TrimSpace(a))
	other, otherErr := netip.ParsePrefix(b)
	return err == nil && otherErr == nil && one.Masked() == other.Masked()
}

// judgeCommand looks at a command line for what a configuration file may not say.
func judgeCommand(command []string, expect Expect) []string {
	if len(command) == 0 {
		return nil
	}
	flags := flagsOf(command[1:])
	switch name := filepath.Base(command[0]); name {
	case "kube-controller-manager":
		if on, found := flags["allocate-node-cidrs"]; found && on != "false" {
			return append(judgeCIDRs(name, strings.Split(flags["cluster-cidr"], ","), expect),
				"kube-controller-manager gives nodes networks of their own (--allocate-node-cidrs), and pods' addresses are of Silk's leases: take the flag away")
		}
	case "kube-proxy":
		problems := judgeCIDRs(name, strings.Split(flags["cluster-cidr"], ","), expect)
		bit, err := strconv.Atoi(flags["iptables-masquerade-bit"])
		if _, elsewhere := flags["config"]; err != nil && !elsewhere {
			bit, err = defaultBit, nil
		}
		if err == nil {
			problems = append(problems, judgeProxy(Proxy{From: "its command line", IPTablesBit: &bit}, Expect{})...)
		}
		return problems
	case "kubelet":
		return judgeHairpin(flags["hairpin-mode"])
	}
	return nil
}

// flagsOf reads --name=value and --name value; a flag alone is true.
func flagsOf(args []string) map[string]string {
	flags := map[string]string{}
	for i, arg := range args {
		name, isFlag := strings.CutPrefix(arg, "--")
		if !isFlag {
			continue
		}
		name, value, given := strings.Cut(name, "=")
		if !given {
			value = "true"
			if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				value = args[i+1]
			}
		}
		flags[name] = value
	}
	return flags
}

// judgeHairpin looks at what is named only: kubelets that leave the network to CNI
// have no use for the default.
func judgeHairpin(mode string) []string {
	if mode == "" || mode == "hairpin-veth" {
		return nil
	}
	return []string{fmt.Sprintf("the kubelet's hairpinMode is %.40q, and Silk joins pods by veth pairs without a bridge: set `hairpinMode: hairpin-veth` in its configuration, or leave it out", mode)}
}

// judgeConfigurations: a container runtime takes the first file of the folder.
func judgeConfigurations(names []string, own string) []string {
	if own == "" || !slices.Contains(names, own) {
		return nil
	}
	var before []string
	for _, name := range names {
		if name < own {
			before = append(before, name)
		}
	}
	if len(before) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the folder of network configurations has %s besides %s, and the container runtime takes the first by name: pods would be made without Silk's policies; remove what isn't used", strings.Join(before, ", "), own)}
}
