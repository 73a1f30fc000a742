package c2c_test

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestInvalidIsNotSent keeps an invalid policy from the server, with the valid
// ones beside it, and can still delete one.
func TestInvalidIsNotSent(t *testing.T) {
	s := stand(t, cf.Options{})
	bad := []policy.Policy{policy.To(app, group, "tcp", 1), policy.To(app, "$(reboot)", "tcp", 1)}
	if err := connect(s).Create(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "$(reboot)") {
		t.Errorf("error %v", err)
	}
	if writes := s.Writes(); len(writes) != 0 {
		t.Errorf("written: %+v", writes)
	}
	if err := s.AddPolicies(cf.NewPolicy(app, "$(reboot)", "tcp", 1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := connect(s).Delete(t.Context(), bad); err != nil || len(s.Policies()) != 0 {
		t.Errorf("deleting: %v, left %+v", err, s.Policies())
	}
}
