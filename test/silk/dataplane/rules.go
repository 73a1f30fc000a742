package dataplane

import (
	"fmt"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// policyChain is what the policy agent writes. Silk's has a new name after each change
// (vpa--<time>); here iptables-restore replaces what is in it, in one step as well.
const policyChain = "vpa--policies"

// NodeRules are a node's from the start: the way through the policies.
func NodeRules() string {
	return "*filter\n:" + policyChain + " - [0:0]\n-A FORWARD -j " + policyChain + "\nCOMMIT\n"
}

// ContainerRules are a container's own, as cni-wrapper-plugin has them: what comes to
// it, from wherever, is an answer, or has been accepted by a policy before.
func ContainerRules(c Container) string {
	chain, to := c.Chain(), fmt.Sprintf("-d %s/32", c.Address)
	return lines("*filter",
		":"+chain+" - [0:0]",
		"-A FORWARD -j "+chain,
		"-A "+chain+" "+to+" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		"-A "+chain+" "+to+" -j REJECT --reject-with icmp-port-unreachable",
		"COMMIT")
}

// WithoutContainer takes those of a container's rules away that are among a node's, as
// `iptables -S` lists them: somebody may have flushed some.
func WithoutContainer(c Container, all string) string {
	chain, rules := c.Chain(), []string{"*filter"}
	if jump := " FORWARD -j " + chain; strings.Contains(all, "-A"+jump+"\n") {
		rules = append(rules, "-D"+jump)
	}
	if strings.Contains(all, "-N "+chain+"\n") {
		rules = append(rules, "-F "+chain, "-X "+chain)
	}
	return lines(append(rules, "COMMIT")...)
}

// PolicyRules are what policies mean on a node with these containers, as
// vxlan-policy-agent has them: packets from a policy's source get its tag as their
// mark, and those with that mark are let to its destination. A container that is the
// source of no policy gets no mark.
func PolicyRules(policies []cf.Policy, containers []Container) string {
	var marks, accepts []string
	marked := map[Container]bool{}
	for _, p := range policies {
		for _, c := range containers {
			if c.Group == p.Source.ID && !marked[c] {
				marked[c] = true
				marks = append(marks, fmt.Sprintf(`-A %s -s %s/32 -m comment --comment "src:%s" -j MARK --set-xmark 0x%s/0xffffffff`,
					policyChain, c.Address, c.Group, p.Source.Tag))
			}
			if c.Group == p.Destination.ID {
				accepts = append(accepts, fmt.Sprintf(`-A %s -d %s/32 -p %s -m %[3]s --dport %d:%d -m mark --mark 0x%s -m comment --comment "src:%s_dst:%s" -j ACCEPT`,
					policyChain, c.Address, p.Destination.Protocol, p.Destination.Ports.Start, p.Destination.Ports.End, p.Source.Tag, p.Source.ID, c.Group))
			}
		}
	}
	all := append([]string{"*filter", ":" + policyChain + " - [0:0]"}, marks...)
	return lines(append(append(all, accepts...), "COMMIT")...)
}

func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }
