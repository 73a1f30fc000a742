package names

import (
	"net/netip"
	"slices"
	"strings"
)

// Record is an address and all names that lead to it.
type Record struct {
	Address netip.Addr // IPv4
	Names   []string   // in lower case, without a dot at their end, sorted, each once
	Node    string     // where Kubernetes has the pod of this address; empty: it doesn't say
}

// OnNode are those of the records whose pods are on the node. Each is of one node, so
// that what several nodes publish of their own never meets.
func OnNode(node string, records []Record) []Record {
	var here []Record
	for _, r := range records {
		if r.Node == node {
			here = append(here, r)
		}
	}
	return here
}

// group makes one record an address, sorted by address.
func group(pairs map[pair]bool, nodes map[netip.Addr]string) []Record {
	byAddress := map[netip.Addr][]string{}
	for p := range pairs {
		byAddress[p.address] = append(byAddress[p.address], p.name)
	}
	var records []Record
	for address, names := range byAddress {
		slices.Sort(names)
		records = append(records, Record{Address: address, Names: names, Node: nodes[address]})
	}
	slices.SortFunc(records, func(a, b Record) int { return a.Address.Compare(b.Address) })
	return records
}

// pair is a name and an address that it leads to.
type pair struct {
	name    string
	address netip.Addr
}

func (p pair) compare(q pair) int {
	if byName := strings.Compare(p.name, q.name); byName != 0 {
		return byName
	}
	return p.address.Compare(q.address)
}
