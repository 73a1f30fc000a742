package cf

import (
	"net/url"
	"slices"
	"strings"
)

// matching is the filter that a query of GET /policies asks for: id, which a
// policy may have at either end, else source_id and dest_id, of which those that
// are given must match. Each is a comma list, and given twice the first counts.
// An empty list matches nothing.
func matching(query url.Values) func(Policy) bool {
	either, source, destination := idList(query, "id"), idList(query, "source_id"), idList(query, "dest_id")
	if either != nil {
		return func(p Policy) bool {
			return slices.Contains(either, p.Source.ID) || slices.Contains(either, p.Destination.ID)
		}
	}
	return func(p Policy) bool {
		return (source == nil || slices.Contains(source, p.Source.ID)) &&
			(destination == nil || slices.Contains(destination, p.Destination.ID))
	}
}

// idList is nil when the query doesn't name the key.
func idList(query url.Values, key string) []string {
	values, ok := query[key]
	if !ok {
		return nil
	}
	return strings.Split(values[0], ",")
}
