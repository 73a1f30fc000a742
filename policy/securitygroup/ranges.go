package securitygroup

import (
	"net/netip"
	"slices"
)

// ranges are the addresses as destinations of rules, as few as can be: "10.0.0.1", or
// "10.0.0.1-10.0.0.4" where they follow one another. A list with commas would be one
// rule, but not every foundation takes that.
func ranges(addresses []netip.Addr) []string {
	sorted := make([]netip.Addr, 0, len(addresses))
	for _, a := range addresses {
		if a = a.Unmap().WithZone(""); a.IsValid() {
			sorted = append(sorted, a)
		}
	}
	slices.SortFunc(sorted, netip.Addr.Compare)
	sorted = slices.Compact(sorted)
	var texts []string
	for i := 0; i < len(sorted); {
		last := i
		for last+1 < len(sorted) && sorted[last].Next() == sorted[last+1] {
			last++
		}
		text := sorted[i].String()
		if last > i {
			text += "-" + sorted[last].String()
		}
		texts = append(texts, text)
		i = last + 1
	}
	return texts
}
