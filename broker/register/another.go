package register

import (
	"fmt"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// AnotherError refuses to touch a service broker that is probably another's.
type AnotherError struct {
	url   string
	plans []string // a few
}

func (e *AnotherError) Error() string {
	return fmt.Sprintf("Cloud Foundry has a broker of that name at %s, with the plans %s, none of which is among this broker's charts: it is probably another's; "+
		"set another CF_BROKER_NAME or, if this broker is to take its place, use --take-over", e.url, strings.Join(e.plans, ", "))
}

// isOurs tells whether this broker may have registered the one that was found: it is where
// this one is, or has a plan of this one's, as one that has moved does. Of one that has no
// plans nobody loses any.
func isOurs(url string, services []chart.Service, found *resource.ServiceBroker, has offers) error {
	if at(found, url) || len(has) == 0 {
		return nil
	}
	for _, s := range services {
		for _, p := range s.Plans {
			if _, ours := has[p.ID]; ours {
				return nil
			}
		}
	}
	e := &AnotherError{url: found.URL}
	for _, id := range has.sorted() {
		if len(e.plans) == 3 {
			e.plans = append(e.plans, "…")
			break
		}
		e.plans = append(e.plans, has[id].name())
	}
	return e
}

// at tells whether a service broker is at a URL.
func at(found *resource.ServiceBroker, url string) bool {
	return strings.TrimRight(found.URL, "/") == url
}
