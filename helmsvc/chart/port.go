package chart

import (
	"encoding/json"
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

// parsePorts reads plans.yaml's ports: numbers, or texts such as "53/udp". A
// list without any stays one: it opens nothing.
func parsePorts(texts []json.RawMessage) ([]Port, error) {
	if texts == nil {
		return nil, nil
	}
	ports := []Port{}
	for _, text := range texts {
		port, err := parsePort(strings.Trim(string(text), `"`))
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

func parsePort(text string) (Port, error) {
	const want = `a port must be such as 5432 or "53/udp"`
	number, protocol, named := strings.Cut(text, "/")
	if !named {
		protocol = "tcp"
	}
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case strings.EqualFold(protocol, "sctp"):
		return Port{}, fmt.Errorf("%s, not %s: container-to-container policies are for tcp and udp only", want, text)
	case err != nil || protocol != "tcp" && protocol != "udp":
		return Port{}, fmt.Errorf("%s, not %s", want, text)
	case n < 1 || n > 65535:
		return Port{}, fmt.Errorf("%s, from 1 to 65535, not %s", want, text)
	}
	return Port{Number: int32(n), Protocol: protocol}, nil
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
