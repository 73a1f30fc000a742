package locate

import (
	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// PolicyTarget is what policies to an instance point to. An instance keeps the
// one that it was made with.
type PolicyTarget string

// The destinations.
const (
	// ToInstance: the instance's own GUID.
	ToInstance PolicyTarget = "instance"
	// ToApp: the GUID of a placeholder app, which CF's cleanup spares.
	ToApp PolicyTarget = "app"
	// ToWorkload: a policy group for each Deployment, StatefulSet and so on.
	ToWorkload PolicyTarget = podgroup.ByWorkload
)

// PolicyTargets are all of them.
func PolicyTargets() []PolicyTarget { return []PolicyTarget{ToInstance, ToApp, ToWorkload} }

// PolicyGroup returns the policy group of an instance: its id, the one that
// `cf service NAME --guid` prints. One that policies may not name is turned
// into a UUID.
func PolicyGroup(instanceID string) string {
	if policy.ValidID(instanceID) {
		return instanceID
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(instanceID)).String()
}

// OperatorGroup returns the policy group of an operator's pods: no instance of this
// broker's has it, and no operator of another's. home is the UID of the namespace of
// its records.
func OperatorGroup(home, chart string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(home+"/operator/"+chart)).String()
}
