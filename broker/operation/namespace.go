package operation

import (
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// What an instance's namespace carries.
const (
	instanceAnnotation = "cf-helm-broker.io/instance-id"
	// groupAnnotation names the policy group of the namespace's pods; the CNI
	// wrapper on a Silk worker reads it once, when a pod's network is made.
	groupAnnotation = "cf-helm-broker.io/policy-group-id"
)

// destinationInstance is the POLICY_DESTINATION mode in which the instance's
// own GUID is its policy group.
const destinationInstance = "instance"

// policyGroup returns the policy group of an instance: its id, the one that
// `cf service NAME --guid` prints. One that policies may not name is turned
// into a UUID.
func policyGroup(instanceID string) string {
	if policy.ValidID(instanceID) {
		return instanceID
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(instanceID)).String()
}

// namespaceOf describes the instance's namespace. The labels are for people
// (`kubectl get namespaces -L …`): what isn't a valid label value is left out.
func namespaceOf(i record.Instance, service, plan string) helmsvc.Namespace {
	if i.Kibosh {
		return helmsvc.KiboshNamespace(i.ID)
	}
	labels := map[string]string{"app.kubernetes.io/managed-by": "cf-helm-broker"}
	for key, value := range map[string]string{
		"cf-helm-broker.io/instance-id":       i.ID,
		"cf-helm-broker.io/service":           service,
		"cf-helm-broker.io/plan":              plan,
		"cf-helm-broker.io/organization-guid": i.OrganizationGUID,
		"cf-helm-broker.io/space-guid":        i.SpaceGUID,
	} {
		if value != "" && len(validation.IsValidLabelValue(value)) == 0 {
			labels[key] = value
		}
	}
	return helmsvc.Namespace{
		Name:        i.Namespace,
		Labels:      labels,
		Annotations: map[string]string{instanceAnnotation: i.ID, groupAnnotation: i.PolicyGroup},
		Owner:       instanceAnnotation,
	}
}
