package broker

import (
	"encoding/json"
	"reflect"
	"regexp"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// longestName is how long a namespace's name may be (RFC 1123 label).
const longestName = 63

var (
	idPattern      = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	appGUIDPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// checkIDs refuses ids that can't become part of a Kubernetes name. Platforms
// send lower-case UUIDs, which always can.
func (b *Broker) checkIDs(instanceID string, bindingID ...string) error {
	for _, id := range append(bindingID, instanceID) {
		if len(id) > b.longestID || !idPattern.MatchString(id) {
			return badRequest("the id %.70q can't be used: it must be at most %d lower-case letters, digits and dashes, and begin and end with a letter or digit; use a lower-case UUID",
				id, b.longestID)
		}
	}
	return nil
}

// checkParameters refuses parameters that aren't a JSON object.
func checkParameters(parameters json.RawMessage) error {
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
