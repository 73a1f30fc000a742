package inspect

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// planName is what follows the service's id in the plan's.
func planName(serviceID, planID string) string { return strings.TrimPrefix(planID, serviceID+"-") }

// parameters are the given ones, with their values only if secrets is true.
func parameters(given json.RawMessage, secrets bool) Parameters {
	var values map[string]json.RawMessage
	if json.Unmarshal(given, &values) != nil {
		values = nil // none were given
	}
	p := Parameters{Keys: slices.Sorted(maps.Keys(values))}
	if secrets && len(values) > 0 {
		p.Values = given
	}
	return p
}

// namesIn reads a platform's context. Of one that can't be read nothing is
// known.
func namesIn(context json.RawMessage) Names {
	var named struct {
		Instance     string `json:"instance_name"`
		Space        string `json:"space_name"`
		Organization string `json:"organization_name"`
	}
	_ = json.Unmarshal(context, &named)
	return Names(named)
}

func requestOf(o record.Origin) Request {
	platform, user := record.Who(o.OriginatingIdentity)
	return Request{CorrelationID: o.CorrelationID, RequestIdentity: o.RequestIdentity, Platform: platform, User: user}
}
