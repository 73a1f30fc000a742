// Package silk is a Silk overlay for tests, in which packets pass and are denied:
// nodes in network namespaces of this machine, joined by a bridge, and on each what
// Silk has there. It needs root, Linux, and the programs ip, nsenter and iptables;
// Missing says what isn't there.
//
//	part               stands for                      is
//	Overlay, Node      cells and workers, silk-daemon  a network namespace each; a lease of the overlay each; VXLAN with GBP between
//	plugin             cni-wrapper-plugin, silk-cni    a CNI plugin: an address of the lease, a link of two ends, a chain that rejects
//	agent              vxlan-policy-agent              polls the policy server, marks sources, accepts by mark; polls at once when asked
//	Workload           an app's or a pod's containers  a network namespace that a client dials from, and servers listen in
//
// A policy group's tag is its packets' mark, as the policy server gives it out, and
// goes from node to node in VXLAN's header, which holds 16 bits. The rules are
// iptables', with the names and in the order of silk-release v3.53.0.
//
// # Held to the facts
//
// facts_test.go states each fact once that was measured on unmodified Silk.
//
// # What differs
//
// Nodes have no way off the overlay, so that security groups have nothing to do.
// Leases are given out by the node's number, and last. Rules are replaced in a chain
// of one name, where vxlan-policy-agent makes a new chain for each change. The policy
// server is asked without certificates. Each reject is told of, which kernels limit to
// one a second.
//
// # Plain nodes
//
// Options.Plain makes an overlay without Silk's policies, for what enforces policies by
// other means: test/silk/enforcer.
//
// # What is left
//
// All names begin with the process that owns them. Start sweeps what processes have
// left that are gone; the machine's own namespace, its rules and addresses are never
// touched.
package silk
