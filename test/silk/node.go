package silk

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk/dataplane"
)

// Node is a cell or a worker.
type Node struct {
	Namespace
	Name string
	// Address is its own, on the wire between the nodes.
	Address netip.Addr
	// Lease is its part of the overlay.
	Lease netip.Prefix

	overlay *Overlay
	number  int
	store   dataplane.Store

	mu    sync.Mutex // guards what follows
	agent *agent     // nil while stopped
}

// newNode makes the node's namespace and joins it to the wire.
func newNode(o *Overlay, name string, number int) (*Node, error) {
	n := &Node{
		Namespace: Namespace(o.owner + "." + name), Name: name, overlay: o, number: number,
		// From TEST-NET-2: documentation's own network.
		Address: netip.AddrFrom4([4]byte{198, 51, 100, byte(number)}),
		Lease:   leaseOf(number, o.options.LeaseBits),
		store:   dataplane.Store{Folder: filepath.Join(o.folder, name)},
	}
	if err := os.Mkdir(n.store.Folder, 0o700); err != nil {
		return nil, err
	}
	if err := n.Make(); err != nil {
		return nil, err
	}
	cable := fmt.Sprintf("node%d", number)
	if err := o.wire.ip(
		"link add "+cable+" type veth peer name underlay netns "+string(n.Namespace),
		"link set "+cable+" master wire",
		"link set "+cable+" up",
	); err != nil {
		return nil, err
	}
	return n, n.ip(
		"link set lo up",
		fmt.Sprintf("addr add %s/24 dev underlay", n.Address),
		"link set underlay up",
		// As silk-daemon makes it: tags go in VXLAN's header.
		fmt.Sprintf("link add silk-vtep mtu %d address %s type vxlan id 1 dstport 4789 gbp local %s dev underlay nolearning", overlayMTU, n.hardware(), n.Address),
		fmt.Sprintf("addr add %s/32 dev silk-vtep", n.Lease.Addr()),
		"link set silk-vtep up",
	)
}

// leaseOf is a node's lease, in a /24 of its own.
func leaseOf(number, bits int) netip.Prefix {
	network := Network.Addr().As4()
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{network[0], network[1], byte(number), 0}), bits)
}

// hardware is the address of the node's end of the tunnel, made from the lease's.
func (n *Node) hardware() string {
	a := n.Lease.Addr().As4()
	return fmt.Sprintf("ee:ee:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3])
}

// join tells the node of the others' leases, as silk-daemon does, and starts it.
func (n *Node) join() error {
	var routes []string
	for _, other := range n.overlay.nodes {
		if other == n {
			continue
		}
		routes = append(routes,
			fmt.Sprintf("route add %s via %s dev silk-vtep onlink src %s", other.Lease, other.Lease.Addr(), n.Lease.Addr()),
			fmt.Sprintf("neigh add %s lladdr %s dev silk-vtep nud permanent", other.Lease.Addr(), other.hardware()))
		tunnel := []string{"-n", string(n.Namespace), "fdb", "add", other.hardware(), "dev", "silk-vtep", "dst", other.Address.String()}
		if err := run("", "bridge", tunnel...); err != nil {
			return err
		}
	}
	if len(routes) > 0 {
		if err := n.ip(routes...); err != nil {
			return err
		}
	}
	if err := n.Do(setKernel); err != nil {
		return fmt.Errorf("having the node forward packets: %w", err)
	}
	if n.overlay.options.Plain {
		return nil
	}
	return n.restore(dataplane.NodeRules())
}

// setKernel has a node forward packets, and tell of each that it rejects: by default
// the kernel tells nobody more than once a second, and whoever isn't told tries again
// after a second.
func setKernel() error {
	for name, value := range map[string]string{"ip_forward": "1", "icmp_ratelimit": "0"} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// PluginConfig is the plugin's configuration on this node, a network's single entry.
// metadata is what Garden, or c2c-cni, adds; nil: nobody has.
func (n *Node) PluginConfig(metadata map[string]string) json.RawMessage {
	config := map[string]any{
		"cniVersion": "1.0.0", "name": "silk", "type": PluginType,
		"store": n.store.Folder, "lease": n.Lease, "mtu": overlayMTU,
	}
	if n.overlay.options.Plain {
		config["plain"] = true
	} else {
		config["policy_agent_force_poll_address"] = pollPort
	}
	if metadata != nil {
		config["metadata"] = metadata
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // plain values
	}
	return text
}

// Rules are the node's own, as iptables lists them.
func (n *Node) Rules() (string, error) { return n.iptables("-S") }

// Links are the node's, as ip lists them.
func (n *Node) Links() (string, error) { return output("", "ip", "-n", string(n.Namespace), "link") }

// AddRules adds rules as another program on the node would, in iptables-restore's
// form.
func (n *Node) AddRules(rules string) error { return n.restore(rules) }

// Flush takes all rules of the table filter away, as an operator does by hand, and keeps
// chains.
func (n *Node) Flush() error {
	_, err := n.iptables("-F")
	return err
}

// RestartPolicyAgent has the node's policy agent begin anew: it writes all of its rules.
func (n *Node) RestartPolicyAgent() error {
	n.stopAgent()
	if err := n.restore(dataplane.NodeRules()); err != nil {
		return err
	}
	return n.startAgent()
}

// Containers are the identities of the containers that have an address.
func (n *Node) Containers() ([]dataplane.Container, error) { return n.store.All() }

// NewFolder makes a folder for what runs on the node, which is removed with the overlay.
func (n *Node) NewFolder(name string) (string, error) {
	// Sockets' paths are short.
	folder := filepath.Join(n.overlay.folder, fmt.Sprintf("%s%d", name, n.number))
	return folder, os.Mkdir(folder, 0o700)
}
