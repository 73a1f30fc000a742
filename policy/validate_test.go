package policy_test

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		policy policy.Policy
		wrong  []string // none: valid
	}{
		"valid":             {ports("tcp", 1, 65535), nil},
		"udp":               {ports("udp", 53, 53), nil},
		"no source":         {policy.To("", group, "tcp", 1), []string{`source.id "" must be an app's GUID`}},
		"a name for a GUID": {policy.To(app, "x; -j ACCEPT", "tcp", 1), []string{`destination.id "x; -j ACCEPT" must be a policy group, a lower-case UUID`}},
		"upper case":        {policy.To(strings.ToUpper(app), group, "tcp", 1), []string{"source.id", "lower-case UUID"}},
		"upper-case TCP":    {ports("TCP", 1, 1), []string{`destination.protocol "TCP" must be tcp or udp, in lower case`}},
		"no protocol":       {ports("", 1, 1), []string{`destination.protocol "" must be`}},
		"port 0":            {ports("tcp", 0, 1), []string{"destination.ports.start 0 must be from 1 to 65535"}},
		"port 65536":        {ports("tcp", 1, 65536), []string{"destination.ports.end 65536 must be from 1 to 65535"}},
		"backwards":         {ports("tcp", 2, 1), []string{"destination.ports.start 2 must not be above destination.ports.end 1"}},
		"everything":        {policy.Policy{}, []string{"source.id", "destination.id", "destination.protocol", "destination.ports.start", "destination.ports.end"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := policy.Validate([]policy.Policy{ports("tcp", 1, 1), c.policy})
			if (err == nil) != (c.wrong == nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range c.wrong {
				if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "policy 2 of 2") {
					t.Errorf("error %v, want %q of policy 2 of 2", err, want)
				}
			}
		})
	}
}
