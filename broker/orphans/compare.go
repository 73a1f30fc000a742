package orphans

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Instance is a service instance, as Cloud Foundry or as the broker has it.
type Instance struct {
	ID string
	// Name is Cloud Foundry's.
	Name string
	// ServiceID and PlanID are the catalog's, of the broker's record.
	ServiceID, PlanID string
	// Busy: an operation is under way.
	Busy bool
	// Changed is when it was last changed.
	Changed time.Time
}

// Finding is what has no counterpart.
type Finding struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Wrong is what is wrong, Cure what mends it.
	Wrong string `json:"wrong"`
	Cure  string `json:"cure"`
}

// The kinds of findings.
const (
	inCF     = "service instance"
	onRecord = "record"
)

// Compare leaves out what is under way, or was changed after since: a create or delete
// is seen by one side before the other. brokerURL is where the broker is reached.
func Compare(cf, records []Instance, since time.Time, brokerURL string) []Finding {
	found := []Finding{}
	for _, i := range alone(cf, records, since) {
		found = append(found, Finding{
			Kind: inCF, ID: i.ID,
			Wrong: fmt.Sprintf("Cloud Foundry has it, as %q, and the broker has no record of it", i.Name),
			Cure:  fmt.Sprintf("have Cloud Foundry forget it: cf curl -X DELETE '/v3/service_instances/%s?purge=true'", url.PathEscape(i.ID)),
		})
	}
	for _, i := range alone(records, cf, since) {
		query := url.Values{"service_id": {i.ServiceID}, "plan_id": {i.PlanID}, "accepts_incomplete": {"true"}}
		found = append(found, Finding{
			Kind: onRecord, ID: i.ID,
			Wrong: "the broker has it, and Cloud Foundry has no such service instance of this service broker",
			Cure: fmt.Sprintf("unless another platform uses it, have the broker delete it, with its data: curl -u USER -X DELETE -H 'X-Broker-API-Version: 2.17' '%s/v2/service_instances/%s?%s'",
				strings.TrimRight(brokerURL, "/"), url.PathEscape(i.ID), query.Encode()),
		})
	}
	return found
}

// alone are those that the others don't have, by their ids.
func alone(these, others []Instance, since time.Time) []Instance {
	has := map[string]bool{}
	for _, i := range others {
		has[i.ID] = true
	}
	left := slices.DeleteFunc(slices.Clone(these), func(i Instance) bool { return has[i.ID] || i.Busy || i.Changed.After(since) })
	slices.SortFunc(left, func(a, b Instance) int { return strings.Compare(a.ID, b.ID) })
	return left
}

// InBoth are the findings of a look that the one before had, too.
func InBoth(before, now []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(now), func(f Finding) bool {
		return !slices.ContainsFunc(before, func(b Finding) bool { return b.Kind == f.Kind && b.ID == f.ID })
	})
}
