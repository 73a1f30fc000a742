package broker

import (
	"encoding/json"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// checkIDs refuses ids that can't become part of a Kubernetes name. Platforms
// send lower-case UUIDs, which always can.
func (b *Broker) checkIDs(instanceID string, bindingID ...string) error {
	// What the prefix leaves of a namespace's long name.
	longest := validation.DNS1123LabelMaxLength - len(b.prefix) - 1
	for _, id := range append(bindingID, instanceID) {
		if len(id) > longest || len(validation.IsDNS1123Label(id)) > 0 {
			return badRequest("the id %.70q can't be used: it must be at most %d lower-case letters, digits and dashes, and begin and end with a letter or digit; use a lower-case UUID",
				id, longest)
		}
	}
	return nil
}

// checkReserved refuses the id of a new instance whose namespace would be the
// broker's own, an operator's or one of Kubernetes'.
func (b *Broker) checkReserved(id string) error {
	namespace := tenant.LongNamespace(b.prefix, id)
	if namespace != b.home && !strings.HasPrefix(namespace, locate.OperatorNamespace(b.prefix, "")) && !strings.HasPrefix(namespace, "kube-") {
		return nil
	}
	return badRequest("the id %q can't be used: the namespace %s isn't one for service instances; use a lower-case UUID", id, namespace)
}

// checkParameters refuses parameters that aren't a JSON object, or that are
// too large, too deep or ambiguous, whatever the plan. What the plan lets a
// user set is the chart's business.
func checkParameters(parameters json.RawMessage) error {
	if err := chart.CheckBounds(parameters); err != nil {
		return badRequest("%s", err)
	}
	if _, err := chart.DecodeParameters(parameters); err != nil {
		return badRequest("%s", err)
	}
	return nil
}

// sameParameters compares parameters by value: spelling, order of keys and
// null for none don't matter.
func sameParameters(a, b json.RawMessage) bool {
	left, leftErr := chart.DecodeParameters(a)
	right, rightErr := chart.DecodeParameters(b)
	return leftErr == nil && rightErr == nil && reflect.DeepEqual(left, right)
}
