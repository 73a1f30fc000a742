package operation

import (
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// What an instance's namespace carries.
const (
	instanceAnnotation = "cf-helm-broker.io/instance-id"
)

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
		Annotations: map[string]string{instanceAnnotation: i.ID, helmsvc.PolicyGroupAnnotation: i.PolicyGroup},
		Owner:       instanceAnnotation,
	}
}
