package inspect

import (
	"cmp"
	"encoding/base64"
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

// requestOf takes a header apart that OSBAPI calls "Originating Identity": a
// platform's name and, in base64, a JSON object of the platform's own form. Of
// that only the user's id is taken.
func requestOf(o record.Origin) Request {
	platform, encoded, _ := strings.Cut(o.OriginatingIdentity, " ")
	var value struct {
		UserID   string `json:"user_id"`  // Cloud Foundry
		Username string `json:"username"` // Kubernetes
	}
	// What can't be read leaves the user unnamed.
	if text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded)); err == nil {
		_ = json.Unmarshal(text, &value)
	}
	return Request{
		CorrelationID: o.CorrelationID, RequestIdentity: o.RequestIdentity,
		Platform: platform, User: cmp.Or(value.UserID, value.Username),
	}
}
