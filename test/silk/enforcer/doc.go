// Package enforcer makes a plain node of test/silk a Kubernetes worker on which
// NetworkPolicies are enforced, by kube-network-policies of Kubernetes' SIG Network: the
// program as it is, built from its module, a process in the node's network namespace. It
// watches the API server, is asked by the kernel about each connection that is new, and
// drops what no policy lets pass: whoever connects gets no answer.
//
// The queue is handed its packets by rules of this package. The program's own have the
// expression "queue" of nftables, which not every kernel has; iptables' NFQUEUE is
// older. Where the kernel has both, a packet is asked about twice.
package enforcer
