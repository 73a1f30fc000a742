package broker

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// checkIDs refuses ids that can't become part of a Kubernetes name. Platforms
// send lower-case UUIDs, which always can.
func (b *Broker) checkIDs(instanceID string, bindingID ...string) error {
	for _, id := range append(bindingID, instanceID) {
		if len(id) > b.longestID || len(validation.IsDNS1123Label(id)) > 0 {
			return badRequest("the id %.70q can't be used: it must be at most %d lower-case letters, digits and dashes, and begin and end with a letter or digit; use a lower-case UUID",
				id, b.longestID)
		}
	}
	return nil
}

// checkParameters refuses parameters that aren't a JSON object, and template
// delimiters in them: charts call tpl on values, and what stands in the
// delimiters would then run with the broker's rights, lookup of any Secret
// included.
func checkParameters(parameters json.RawMessage) error {
	decoded, err := chart.DecodeParameters(parameters)
	if err != nil {
		return badRequest("%s", err)
	}
	if where, found := delimiterIn(decoded); found {
		return badRequest("the parameter %.100s holds \"{{\", which could be run as a template; parameters are taken literally, leave it out", where)
	}
	return nil
}

// delimiterIn finds a template delimiter in a key or string and returns the
// path to it.
func delimiterIn(value any) (path string, found bool) {
	switch v := value.(type) {
	case string:
		return "", strings.Contains(v, "{{")
	case map[string]any:
		for key, item := range v {
			if strings.Contains(key, "{{") {
				return "(a key)", true
			}
			if below, found := delimiterIn(item); found {
				return strings.TrimSuffix(key+"."+below, "."), true
			}
		}
	case []any:
		for i, item := range v {
			if below, found := delimiterIn(item); found {
				return strings.TrimSuffix(strconv.Itoa(i)+"."+below, "."), true
			}
		}
	}
	return "", false
}

// sameParameters compares parameters by value: spelling, order of keys and
// null for none don't matter.
func sameParameters(a, b json.RawMessage) bool {
	left, leftErr := chart.DecodeParameters(a)
	right, rightErr := chart.DecodeParameters(b)
	return leftErr == nil && rightErr == nil && reflect.DeepEqual(left, right)
}
