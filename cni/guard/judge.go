package guard

import (
	"slices"
)

// Judge says what on the node would let packets to pods that Silk denies, or would
// keep the overlay from working, and for each what to do. Nothing: it is safe.
func Judge(facts Facts, expect Expect) []string {
	var problems []string
	if facts.Blind != "" {
		problems = append(problems, facts.Blind)
	}
	for _, p := range facts.Proxies {
		problems = append(problems, judgeProxy(p, expect)...)
	}
	for _, command := range facts.Commands {
		problems = append(problems, judgeCommand(command, expect)...)
	}
	for _, rules := range facts.Rules {
		problems = append(problems, judgeRules(rules, expect)...)
	}
	problems = append(problems, judgePods(facts.Pods, facts.Rules, expect)...)
	for _, tables := range facts.NFTables {
		problems = append(problems, tables.problems...)
	}
	problems = append(problems, judgeNetworks(facts.NodeNetworks, facts.Lease, expect)...)
	problems = append(problems, judgeHairpin(facts.Hairpin)...)
	problems = append(problems, judgeConfigurations(facts.Configurations, expect.Own)...)
	slices.Sort(problems)
	return slices.Compact(problems)
}
