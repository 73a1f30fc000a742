package tenant

import (
	"errors"
	"testing"
)

// TestLackedRight reads Kubernetes' words for a right that somebody doesn't have.
func TestLackedRight(t *testing.T) {
	const refused = `release failed: pods "p" is forbidden: User "system:serviceaccount:n:a" cannot get resource "pods/log" in API group "" `
	for text, want := range map[string]right{
		refused + `in the namespace "n"`:        {user: "system:serviceaccount:n:a", namespace: "n", verb: "get", resource: "pods/log"},
		refused + `at the cluster scope`:        {user: "system:serviceaccount:n:a", verb: "get", resource: "pods/log"},
		`pods "p" is forbidden: exceeded quota`: {},
	} {
		if got, found := lackedIn(errors.New(text)); got != want || found != (want != right{}) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
