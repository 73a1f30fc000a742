// Package guard judges whether a node is safe for the overlay's pods, by what is
// set and what rules there are: a pure table. Reading those is cni/nodefacts'
// business, and what becomes of a verdict the agent's.
//
// On the overlay a packet's mark is its sender's tag, of 16 bits in the low half.
// Whatever else uses these bits takes a tag for its own mark: kube-proxy, by default,
// accepts all packets with bit 14, which half of all tags have from the 16,384th
// group on, and so lets them to every pod of every tenant.
package guard
