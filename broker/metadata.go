package broker

import (
	"github.com/pivotal-cf/brokerapi/v10/domain"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// metadata tells the platform's users where an instance is and what it runs
// (OSBAPI "Service Instance Metadata"). Platforms hold labels to Kubernetes'
// form, so what isn't of that form is left out.
func metadata(i record.Instance) domain.InstanceMetadata {
	labels := map[string]string{}
	for key, value := range map[string]string{
		"chart":         i.Chart.Name,
		"chart-version": i.Chart.Version,
		"namespace":     i.Namespace,
		"release":       i.Release,
	} {
		if value != "" && len(validation.IsValidLabelValue(value)) == 0 {
			labels["cf-helm-broker.io/"+key] = value
		}
	}
	return domain.InstanceMetadata{Labels: labels}
}
