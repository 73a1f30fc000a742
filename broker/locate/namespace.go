package locate

import (
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Namespace describes the instance's namespace by its plan; without one by
// whose it is alone, for deletes. Most labels are for people
// (`kubectl get namespaces -L …`): what isn't a valid label value is left out.
func Namespace(i record.Instance, service string, plan chart.Plan) tenant.Namespace {
	if i.Kibosh {
		return tenant.KiboshNamespace(i.ID)
	}
	labels := map[string]string{"app.kubernetes.io/managed-by": "cf-helm-broker"}
	for key, value := range map[string]string{
		"cf-helm-broker.io/instance-id":       i.ID,
		podgroup.DestinationLabel:             i.Destination,
		"cf-helm-broker.io/service":           service,
		"cf-helm-broker.io/plan":              plan.Name,
		"cf-helm-broker.io/organization-guid": i.OrganizationGUID,
		podgroup.SpaceLabel:                   i.SpaceGUID,
	} {
		if value != "" && len(validation.IsValidLabelValue(value)) == 0 {
			labels[key] = value
		}
	}
	return tenant.Namespace{
		Name:        i.Namespace,
		Labels:      labels,
		Annotations: map[string]string{tenant.InstanceAnnotation: i.ID, podgroup.Annotation: i.PolicyGroup},
		Owner:       tenant.InstanceAnnotation,
		Isolation: &tenant.Isolation{
			AllowExposure: plan.AllowExposure, PodSecurity: plan.PodSecurity, Quota: plan.ResourceQuota, Limits: plan.LimitRange,
		},
	}
}

// OperatorNamespace is the namespace of an operator's chart.
func OperatorNamespace(prefix, chart string) string { return prefix + "-operator-" + chart }
