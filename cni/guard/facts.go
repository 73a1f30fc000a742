package guard

import "net/netip"

// Facts are what is known of a node. What couldn't be read is left empty, and
// Blind says so where it matters.
type Facts struct {
	// Rules are those of iptables, one for each kind of tables.
	Rules []*Rules
	// NFTables are tables of nftables that aren't iptables'.
	NFTables []*NFTables
	// Proxies are kube-proxy's settings, from wherever they could be read.
	Proxies []Proxy
	// Commands are the command lines of Kubernetes' programs on the node, each with
	// the program first.
	Commands [][]string
	// Hairpin is the kubelet's hairpinMode where its configuration names one.
	Hairpin string
	// Configurations are the names of the files in the folder of network
	// configurations.
	Configurations []string
	// Pods are those whose networks are made and not being taken down. Nothing is
	// asked of those whose addresses aren't IPv4.
	Pods []Pod
	// NodeNetworks are those that Kubernetes has given the node for its pods.
	NodeNetworks []string
	// Lease is the node's part of the overlay as silk-daemon has it; "": it isn't known.
	Lease string
	// Blind is why rules couldn't be read; "": they could.
	Blind string
}

// Pod is one on the overlay.
type Pod struct {
	Container string
	Name      string // for people: namespace/name
	Address   netip.Addr
}

// Proxy are settings of a kube-proxy.
type Proxy struct {
	From         string // a file, an address
	Mode         string // iptables, ipvs, nftables; "": iptables
	IPTablesBit  *int   // masqueradeBit of iptables; nil: the default, 14
	NFTablesBit  *int   // and of nftables
	ClusterCIDRs []string
}

// Expect is what the operator says of the overlay and its plugin.
type Expect struct {
	// Overlay is the overlay's network, such as 10.255.0.0/16; "": not looked at.
	Overlay string
	// SilkChains begin the names of chains that are Silk's own, and may accept by
	// marks.
	SilkChains []string
	// Interfaces begin the names of interfaces that the overlay's packets come and go
	// by.
	Interfaces []string
	// Own is the plugin's file in the folder of network configurations; "": none is.
	Own string
}

// SilkChains and SilkInterfaces are those of silk-release v3.53.0
// (cni-wrapper-plugin/netrules, vxlan-policy-agent/planner, silk/cni).
func SilkChains() []string {
	return []string{"vpa--", "overlay--", "netout--", "netin--", "input--", "asg-"}
}

// SilkInterfaces begin the names of the overlay's interfaces on a node.
func SilkInterfaces() []string { return []string{"s-", "silk-vtep"} }

// tagBits are the bits of a packet's mark that are the overlay's.
const tagBits = 0xffff
