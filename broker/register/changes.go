package register

import (
	"fmt"
	"reflect"
	"time"

	"github.com/cloudfoundry/go-cfclient/v3/resource"
)

// changes tells of each and remembers that there was one.
type changes struct {
	any  bool
	tell func(line string)
}

func (c *changes) add(format string, args ...any) {
	c.any = true
	c.tell(fmt.Sprintf(format, args...))
}

// tellBroker tells how the service broker came to be as it is.
func (c *changes) tellBroker(before, after *resource.ServiceBroker) {
	switch {
	case before == nil:
		c.add("service broker %s was created, at %s", after.Name, after.URL)
	case before.URL != after.URL:
		c.add("service broker %s: its URL %s became %s", after.Name, before.URL, after.URL)
	}
}

// tellOffers tells how one catalog became the other.
func (c *changes) tellOffers(before, after offers) {
	for _, id := range after.sorted() {
		now, was := after[id], before[id]
		switch {
		case now.plan.Available && (was.plan == nil || !was.plan.Available):
			c.add("plan %s is offered, in version %s", now.name(), now.plan.MaintenanceInfo.Version)
		case was.plan == nil:
		case was.plan.Available && !now.plan.Available:
			c.add("plan %s is offered no longer, and stays for its instances", now.name())
		case was.plan.MaintenanceInfo.Version != now.plan.MaintenanceInfo.Version:
			c.add("plan %s: version %s became %s", now.name(), was.plan.MaintenanceInfo.Version, now.plan.MaintenanceInfo.Version)
		case !sameOffer(was, now):
			c.add("plan %s: what the marketplace shows of it has changed", now.name())
		}
	}
	for _, id := range before.sorted() {
		if _, still := after[id]; !still {
			c.add("plan %s is offered no longer", before[id].name())
		}
	}
}

// sameOffer compares all but when it was written, and by whom it is seen.
func sameOffer(a, b offered) bool {
	serviceA, serviceB, planA, planB := *a.service, *b.service, *a.plan, *b.plan
	serviceA.UpdatedAt, serviceB.UpdatedAt, planA.UpdatedAt, planB.UpdatedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	planA.VisibilityType, planB.VisibilityType = "", ""
	return reflect.DeepEqual(serviceA, serviceB) && reflect.DeepEqual(planA, planB)
}
