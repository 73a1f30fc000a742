package policy

import (
	"errors"
	"fmt"
)

// Validate says what is wrong with the policies, each by its number and ends,
// or returns nil. It is stricter than the policy server, which takes any id.
func Validate(policies []Policy) error {
	var wrong []error
	for i, p := range policies {
		if err := p.Validate(); err != nil {
			wrong = append(wrong, fmt.Errorf("policy %d of %d, from %.70q to %.70q: %w", i+1, len(policies), p.Source.ID, p.Destination.ID, err))
		}
	}
	return errors.Join(wrong...)
}

// Validate says what is wrong with the policy, all of it, or returns nil.
func (p Policy) Validate() error {
	var wrong []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	protocol, ports := p.Destination.Protocol, p.Destination.Ports
	refuse(!ValidID(p.Source.ID), "source.id %.70q must be an app's GUID, a lower-case UUID", p.Source.ID)
	refuse(!ValidID(p.Destination.ID), "destination.id %.70q must be a policy group, a lower-case UUID", p.Destination.ID)
	refuse(protocol != "tcp" && protocol != "udp", "destination.protocol %.70q must be tcp or udp, in lower case", protocol)
	refuse(!validPort(ports.Start), "destination.ports.start %d must be from 1 to 65535", ports.Start)
	refuse(!validPort(ports.End), "destination.ports.end %d must be from 1 to 65535", ports.End)
	refuse(ports.Start > ports.End, "destination.ports.start %d must not be above destination.ports.end %d", ports.Start, ports.End)
	return errors.Join(wrong...)
}

func validPort(port int) bool { return port >= 1 && port <= 65535 }
