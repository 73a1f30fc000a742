package chart

import (
	"fmt"
	"strconv"
	"strings"
)

// Port is one that bind opens: 5432 or "5432/tcp" in plans.yaml.
type Port struct {
	Number int32
	// Protocol is "tcp" or "udp".
	Protocol string
}

// UnmarshalJSON reads a number, or a text such as "53/udp".
func (p *Port) UnmarshalJSON(text []byte) error {
	const want = `must be such as 5432 or "53/udp"`
	number, protocol, named := strings.Cut(strings.Trim(string(text), `"`), "/")
	if !named {
		protocol = "tcp"
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 1 || n > 65535 || protocol != "tcp" && protocol != "udp" {
		return fmt.Errorf("a port %s, not %s", want, text)
	}
	p.Number, p.Protocol = int32(n), protocol
	return nil
}

// Opens tells whether bind opens the port. protocol is "tcp" or "udp".
func (p Plan) Opens(number int32, protocol string) bool {
	if p.Ports == nil {
		return true
	}
	for _, port := range p.Ports {
		if port.Number == number && port.Protocol == protocol {
			return true
		}
	}
	return false
}
