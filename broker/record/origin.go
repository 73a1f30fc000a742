package record

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Origin is the request that began something.
type Origin struct {
	// CorrelationID ties log lines together.
	CorrelationID string `json:"correlation_id,omitempty"`
	// RequestIdentity is the platform's id of the request (OSBAPI "Request
	// Identity").
	RequestIdentity string `json:"request_identity,omitempty"`
	// OriginatingIdentity is the header of that name: the platform and, in
	// base64, the user who asked (OSBAPI "Originating Identity").
	OriginatingIdentity string `json:"originating_identity,omitempty"`
}

// Who takes an Originating Identity header apart: a platform's name and, in
// base64, a JSON object of the platform's own form. Of that only the user's id
// is taken. What can't be read is empty.
func Who(originatingIdentity string) (platform, user string) {
	platform, encoded, _ := strings.Cut(originatingIdentity, " ")
	var value struct {
		UserID   string `json:"user_id"`  // Cloud Foundry
		Username string `json:"username"` // Kubernetes
	}
	if text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded)); err == nil {
		_ = json.Unmarshal(text, &value) // what can't be read leaves the user unnamed
	}
	return platform, cmp.Or(value.UserID, value.Username)
}
