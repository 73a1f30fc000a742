package locate

import (
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TargetBy is Target with what a plan lets its chart make elsewhere, and when
// it takes that for ready.
func TargetBy(i record.Instance, plan chart.Plan) tenant.Target {
	target := Target(i)
	target.ClusterObjects, target.Ready = plan.ClusterObjects, plan.Ready
	return target
}

// Target is the instance's release, and who takes turns for it.
func Target(i record.Instance) tenant.Target {
	target := tenant.Target{Namespace: i.Namespace, Release: i.Release, Instance: i.ID, Tenant: Tenant(i), ClusterObjects: i.ClusterObjects, PolicyGroup: i.PolicyGroup, GroupLabels: i.GroupLabels}
	if PolicyTarget(i.Destination) == ToWorkload {
		target.PolicyGroups = i.PolicyGroup
	}
	return target
}
