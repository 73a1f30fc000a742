package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// judgeNetworks holds the networks that Kubernetes has given the node (its spec.podCIDRs)
// against the overlay, and against the node's lease where that is known. Whoever goes by
// them, cloud providers' routes say, takes others' addresses for this node's pods'.
func judgeNetworks(given []string, lease string, expect Expect) []string {
	right := "of the overlay " + expect.Overlay
	isRight := func(network string) bool { return within(network, expect.Overlay) }
	if lease != "" {
		right = "of its lease " + lease
		isRight = func(network string) bool { return sameNetwork(network, lease) }
	} else if expect.Overlay == "" {
		return nil
	}
	if !slices.ContainsFunc(given, func(network string) bool { return !isRight(network) }) {
		return nil
	}
	return []string{fmt.Sprintf("kube-controller-manager has --allocate-node-cidrs, and has given this node %.80q for its pods (spec.podCIDRs), whose addresses are %s: "+
		"take the flag away, and then have the node made anew (drain it, `kubectl delete node`, restart its kubelet), since these can't be changed", strings.Join(given, ", "), right)}
}

// within tells whether all of a network is in another.
func within(network, other string) bool {
	one, err := netip.ParsePrefix(network)
	all, otherErr := netip.ParsePrefix(other)
	return err == nil && otherErr == nil && one.Bits() >= all.Bits() && all.Contains(one.Addr())
}
