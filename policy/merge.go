package policy

// Merged joins the port ranges of policies with the same source, destination
// and protocol that overlap or follow one another: 8080 and 8081 become
// 8080-8081. The result is sorted and says the same, in as few policies as can
// be, whatever the order of what was given.
//
// The policy server matches ranges exactly, so what is recorded, posted and
// deleted must be the merged ones. The policies must be valid.
func Merged(policies []Policy) []Policy {
	var merged []Policy
	for _, p := range Unique(policies) { // by their ends, then the range's start
		last := len(merged) - 1
		if last < 0 || !joins(merged[last], p) {
			merged = append(merged, p)
			continue
		}
		ports := &merged[last].Destination.Ports
		ports.End = max(ports.End, p.Destination.Ports.End)
	}
	return merged
}

// joins tells whether b, which doesn't start before a, can become part of it.
func joins(a, b Policy) bool {
	return a.Source == b.Source && a.Destination.ID == b.Destination.ID && a.Destination.Protocol == b.Destination.Protocol &&
		b.Destination.Ports.Start <= a.Destination.Ports.End+1
}
