package instance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// QuotaError says that there are as many instances as there may be.
type QuotaError struct {
	// Of is what has the quota, such as "the plan small".
	Of    string
	Quota int
	// Remedy is what the developer can do.
	Remedy string
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("%s is used up: there are %d service instances already, as many as its quota allows; %s", e.Of, e.Quota, e.Remedy)
}

// quota is a number of instances that there may be.
type quota struct {
	key    string // tells quotas apart
	most   int    // 0: any number
	counts func(record.Instance) bool
	full   QuotaError
}

// quotasOf are those that a new instance comes under.
func (s *Instances) quotasOf(i record.Instance, service chart.Service, p chart.Plan) []quota {
	all := []quota{planQuota(p), serviceQuota(service)}
	if i.OrganizationGUID != "" {
		all = append(all, quota{
			key: "organization " + i.OrganizationGUID, most: s.settings.OrganizationQuota,
			counts: func(other record.Instance) bool { return other.OrganizationGUID == i.OrganizationGUID },
			full:   QuotaError{Of: "what your organization may have of this broker", Remedy: "delete a service instance in it, or ask the operator"},
		})
	}
	if i.SpaceGUID != "" {
		all = append(all, quota{
			key: "space " + i.SpaceGUID, most: s.settings.SpaceQuota,
			counts: func(other record.Instance) bool { return other.SpaceGUID == i.SpaceGUID },
			full:   QuotaError{Of: "what this space may have of this broker", Remedy: "delete a service instance in it, use another space, or ask the operator"},
		})
	}
	return slices.DeleteFunc(all, func(q quota) bool { return q.most == 0 })
}

func serviceQuota(s chart.Service) quota {
	return quota{
		key: "service " + s.ID, most: s.Quota(),
		counts: func(other record.Instance) bool { return other.ServiceID == s.ID },
		full:   QuotaError{Of: "the service " + s.Name, Remedy: "delete one, or ask the operator"},
	}
}

// planQuota is the plan's, which an instance that changes its plan comes under.
func planQuota(p chart.Plan) quota {
	return quota{
		key: "plan " + p.ID, most: p.Quota,
		counts: func(other record.Instance) bool {
			return other.PlanID == p.ID || other.Update != nil && other.Update.PlanID == p.ID
		},
		full: QuotaError{Of: "the plan " + p.Name, Remedy: "delete one, choose another plan, or ask the operator"},
	}
}

// countIn finds out whether there is room for the instance, which doesn't count
// itself if it is there already. Until release is called nobody else is counted
// in under these quotas by this replica; others see to it by recount.
func (s *Instances) countIn(ctx context.Context, quotas []quota, id string) (release func(), err error) {
	// In one order, so that two requests don't wait for each other.
	quotas = slices.SortedFunc(slices.Values(quotas), func(a, b quota) int { return strings.Compare(a.key, b.key) })
	var releases []func()
	release = func() {
		for _, each := range releases {
			each()
		}
	}
	for _, q := range quotas {
		free, err := s.quotas.Acquire(ctx, q.key)
		if err != nil {
			release()
			return nil, err
		}
		releases = append(releases, free)
	}
	if err := s.recount(ctx, quotas, id); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// recount returns a QuotaError if there are as many others as there may be.
// After the instance has been recorded it tells whether another replica was
// faster.
func (s *Instances) recount(ctx context.Context, quotas []quota, id string) error {
	if len(quotas) == 0 {
		return nil
	}
	instances, err := s.records.LiveInstances(ctx)
	// A damaged record may come under any of them; it isn't counted.
	if err != nil && !errors.Is(err, record.ErrDamaged) {
		return err
	}
	for _, q := range quotas {
		others := 0
		for _, i := range instances {
			if i.ID != id && q.counts(i) {
				others++
			}
		}
		if others >= q.most {
			full := q.full
			full.Quota = q.most
			return &full
		}
	}
	return nil
}
