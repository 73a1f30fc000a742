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
}

// group makes one record an address, sorted by address.
func group(pairs map[pair]bool) []Record {
	byAddress := map[netip.Addr][]string{}
	for p := range pairs {
		byAddress[p.address] = append(byAddress[p.address], p.name)
	}
	var records []Record
	for address, names := range byAddress {
		slices.Sort(names)
		records = append(records, Record{Address: address, Names: names})
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
