package instance

import (
	"sync"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Now is what the records say of all instances, as the cache has them.
func (s *Instances) Now() measure.Instances {
	instances := s.counted.of(s.records.Seen, s.records.Instances)
	return measure.Instances{Plans: plansOf(s.charts.Catalog().Services, instances), Oldest: oldest(instances)}
}

// counted are all instances with no more of each than is counted, as the records were when
// they were last asked for: to read thousands at each scrape takes longer than all else.
type counted struct {
	mu        sync.Mutex // guards the rest
	seen      string
	instances []record.Instance
}

func (c *counted) of(seen func() string, read func() []record.Instance) []record.Instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := seen() // before: what changes meanwhile is read the next time
	if now != "" && now == c.seen {
		return c.instances
	}
	all := read()
	c.seen, c.instances = now, make([]record.Instance, len(all))
	for n, i := range all {
		c.instances[n] = record.Instance{ServiceID: i.ServiceID, PlanID: i.PlanID, Chart: i.Chart}
		c.instances[n].Operation = record.Operation{State: i.Operation.State, Started: i.Operation.Started}
		if i.Update != nil {
			c.instances[n].Update = &record.Update{PlanID: i.Update.PlanID}
		}
	}
	return c.instances
}

// plansOf are the plans that are offered, with what is there of each, and those that
// aren't any more, by their chart's name and their id.
func plansOf(services []chart.Service, instances []record.Instance) (all []measure.Plan) {
	offered := map[string]bool{}
	for _, service := range services {
		for _, p := range service.Plans {
			offered[p.ID] = true
			all = append(all, planOf(service, p, instances))
		}
	}
	retired := map[measure.Plan]int{}
	for _, i := range instances {
		if !offered[i.PlanID] {
			retired[measure.Plan{Service: i.Chart.Name, Plan: i.PlanID}]++
		}
	}
	for p, count := range retired {
		p.Instances = count
		all = append(all, p)
	}
	return all
}

// planOf counts as quotas do: an instance that changes its plan counts in both.
func planOf(service chart.Service, p chart.Plan, instances []record.Instance) measure.Plan {
	own, all := planQuota(p), serviceQuota(service)
	found := measure.Plan{Service: service.Name, Plan: p.Name, Instances: count(own, instances)}
	for _, q := range []quota{own, all} {
		if q.most == 0 {
			continue
		}
		if left := max(0, q.most-count(q, instances)); !found.Bounded || left < found.Left {
			found.Bounded, found.Left = true, left
		}
	}
	return found
}

func count(q quota, instances []record.Instance) (n int) {
	for _, i := range instances {
		if q.counts(i) {
			n++
		}
	}
	return n
}

// oldest is when the operation was asked for that runs the longest; zero: none runs.
func oldest(instances []record.Instance) (begun time.Time) {
	for _, i := range instances {
		if o := i.Operation; o.Running() && (begun.IsZero() || o.Started.Before(begun)) {
			begun = o.Started
		}
	}
	return begun
}
