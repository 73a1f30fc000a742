package cf

import (
	"encoding/json"
	"errors"
	"fmt"
)

// decodePolicies reads and validates a request's body, the policies one by one
// and each rule in the order of the policy server's api.PolicyValidator, so that
// a body with several mistakes names the same one. Unknown fields are ignored.
func decodePolicies(body []byte) ([]Policy, error) {
	var request payload
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, fmt.Errorf("unmarshal json: %w", err)
	}
	if len(request.Policies) == 0 {
		return nil, errors.New("validate policies: missing policies")
	}
	for _, p := range request.Policies {
		if err := validate(p); err != nil {
			return nil, fmt.Errorf("validate policies: %w", err)
		}
	}
	return request.Policies, nil
}

func validate(p Policy) error {
	ports := p.Destination.Ports
	switch {
	case p.Source.ID == "":
		return errors.New("missing source id")
	case p.Destination.ID == "":
		return errors.New("missing destination id")
	case p.Destination.Protocol != "udp" && p.Destination.Protocol != "tcp":
		return errors.New("invalid destination protocol, specify either udp or tcp")
	case ports.Start > ports.End:
		return fmt.Errorf("invalid port range %d-%d, start must be less than or equal to end", ports.Start, ports.End)
	case ports.Start < 0:
		return fmt.Errorf("invalid start port %d, must be in range 1-65535", ports.Start)
	case ports.Start == 0:
		return errors.New("missing start port")
	case ports.End > 65535:
		return fmt.Errorf("invalid end port %d, must be in range 1-65535", ports.End)
	case p.Source.Tag != "" || p.Destination.Tag != "":
		return errors.New("tags may not be specified")
	}
	return nil
}
