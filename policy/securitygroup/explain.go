package securitygroup

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// explained says of a refusal what to look at, where the cloud controller's own words
// leave that open.
func explained(err error) error {
	var refused *policy.Error
	if !errors.As(err, &refused) || refused.Fix != "" {
		return err
	}
	switch {
	case strings.Contains(refused.Message, "Spaces with guids"):
		return fmt.Errorf("%w; the app's space was deleted, or the UAA client doesn't see it; a binding in a deleted space can be unbound all the same", err)
	case strings.Contains(refused.Message, "destination"):
		return fmt.Errorf("%w; if the pods' addresses are IPv6, have cc.enable_ipv6 set", err)
	case strings.Contains(refused.Message, "rules length"):
		return fmt.Errorf("%w; lower SECURITY_GROUP_MAX_RULES, so that the broker refuses sooner", err)
	}
	return err
}
