package access

import (
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// SharedServices are the shared services that bindings of the instance open: the
// broker's, and its plan's. These are an operator's setting rather than a part
// of the chart: the catalog's count, and only if it doesn't offer the plan any
// more, those that the instance was made with.
func (a *Access) SharedServices(i record.Instance, kept chart.Plan) (all []chart.SharedService, offered bool) {
	_, plan, offered := a.charts.Catalog().Find(i.ServiceID, i.PlanID)
	if !offered {
		plan = kept
	}
	return slices.Concat(a.settings.Shared, plan.Destinations), offered
}

// shares tells whether bindings of any instance may open the policy group.
func (a *Access) shares(group string) bool {
	_, is := a.charts.SharedService(a.settings.Shared, group)
	return is
}

func sharedPolicies(app string, destinations []chart.SharedService) []policy.Policy {
	var all []policy.Policy
	for _, d := range destinations {
		for _, port := range d.Ports {
			all = append(all, policy.To(app, d.Group, port.Protocol, int(port.Number)))
		}
	}
	return all
}

// distinct sorts the texts and leaves out repeated ones.
func distinct(texts []string) []string {
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
