package operation

import (
	"slices"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Destination is what policies to an instance point to. An instance keeps the
// one that it was made with.
type Destination string

// The destinations.
const (
	// ToInstance: the instance's own GUID.
	ToInstance Destination = "instance"
	// ToApp: the GUID of a placeholder app, which CF's cleanup spares.
	ToApp Destination = "app"
	// ToWorkload: a policy group for each Deployment, StatefulSet and so on.
	ToWorkload Destination = "workload"
)

// Destinations are all of them.
func Destinations() []Destination { return []Destination{ToInstance, ToApp, ToWorkload} }

// policyGroup returns the policy group of an instance: its id, the one that
// `cf service NAME --guid` prints. One that policies may not name is turned
// into a UUID.
func policyGroup(instanceID string) string {
	if policy.ValidID(instanceID) {
		return instanceID
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(instanceID)).String()
}

// targetBy is targetOf with what a plan lets its chart make elsewhere, and when
// it takes that for ready.
func targetBy(i record.Instance, plan chart.Plan) tenant.Target {
	target := targetOf(i)
	target.ClusterObjects, target.Ready = plan.ClusterObjects, plan.Ready
	return target
}

func targetOf(i record.Instance) tenant.Target {
	target := tenant.Target{Namespace: i.Namespace, Release: i.Release, Tenant: tenantOf(i), ClusterObjects: i.ClusterObjects}
	if Destination(i.Destination) == ToWorkload {
		target.PolicyGroups = i.PolicyGroup
	}
	return target
}

// union are the names of both, each once.
func union(names, more []string) []string {
	all := slices.Concat(names, more)
	slices.Sort(all)
	return slices.Compact(all)
}
