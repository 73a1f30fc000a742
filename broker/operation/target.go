package operation

import (
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// targetBy is targetOf with what a plan lets its chart make elsewhere, and when
// it takes that for ready.
func targetBy(i record.Instance, plan chart.Plan) helmsvc.Target {
	target := targetOf(i)
	target.ClusterObjects, target.Ready = plan.ClusterObjects, plan.Ready
	return target
}

func targetOf(i record.Instance) helmsvc.Target {
	target := helmsvc.Target{Namespace: i.Namespace, Release: i.Release, Tenant: tenantOf(i), ClusterObjects: i.ClusterObjects}
	if Destination(i.Destination) == ToWorkload {
		target.PolicyGroups = i.PolicyGroup
	}
	return target
}
