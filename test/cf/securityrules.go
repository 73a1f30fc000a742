package cf

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ruleFacts is how a foundation's cloud controller is set.
type ruleFacts struct {
	commas bool // cc.security_groups.enable_comma_delimited_destinations
	ipv6   bool // cc.enable_ipv6
}

var (
	onePort    = regexp.MustCompile(`^\s*\d+\s*$`)
	portsRange = regexp.MustCompile(`^\s*(\d+)\s*-\s*(\d+)\s*$`)
)

// wrong is what the cloud controller's RulesValidator says of rules, in its order:
// app/messages/validators/security_group_rule_validator.rb.
func (f ruleFacts) wrong(text json.RawMessage) (wrong []string) {
	var rules []any
	if json.Unmarshal(text, &rules) != nil {
		return []string{"Rules must be an array"}
	}
	for i, each := range rules {
		say := func(words string) { wrong = append(wrong, fmt.Sprintf("Rules[%d]: %s", i, words)) }
		rule, ok := each.(map[string]any)
		if !ok {
			say("must be an object")
			continue
		}
		f.rule(rule, say)
	}
	return wrong
}

func (f ruleFacts) rule(rule map[string]any, say func(string)) {
	if unknown := unknownFields(rule, "code", "description", "destination", "log", "ports", "protocol", "type"); len(unknown) > 0 {
		say("unknown field(s): " + quoted(unknown))
	}
	protocol, _ := rule["protocol"].(string)
	if !slices.Contains([]string{"tcp", "udp", "icmp", "icmpv6", "all"}, protocol) {
		say("protocol must be 'tcp', 'udp', 'icmp', 'icmpv6' or 'all'")
	}
	if destination, ok := f.destination(rule["destination"], say); ok {
		all := strings.Split(destination, ",")
		if len(all) > 6000 {
			say("maximum destinations per rule exceeded - must be under 6000")
		}
		for _, one := range all {
			f.address(one, say)
		}
	}
	if description, has := rule["description"]; has && description != nil {
		if _, ok := description.(string); !ok {
			say("description must be a string")
		}
	}
	if protocol == "tcp" || protocol == "udp" {
		checkPorts(rule["ports"], say)
	}
	if protocol == "all" && rule["ports"] != nil {
		say("ports are not allowed for protocols of type all")
	}
}

func (f ruleFacts) destination(given any, say func(string)) (string, bool) {
	form := "destination must be a valid CIDR, IP address, or IP address range"
	if f.commas {
		form = "nil destination; destination must be a comma-delimited list of valid CIDRs, IP addresses, or IP address ranges"
	}
	destination, ok := given.(string)
	switch {
	case given == nil, ok && strings.Contains(destination, ",") && !f.commas:
		say(form)
	case !ok:
		say("destination must be a string")
	case strings.ContainsAny(destination, " \t\r\n"):
		say("destination must not contain whitespace")
	default:
		return destination, true
	}
	return "", false
}

// address is one of a destination: an address, a CIDR or a range.
func (f ruleFacts) address(one string, say func(string)) {
	form := "destination must be a valid CIDR, IP address, or IP address range"
	if f.commas {
		form = "destination must contain valid CIDR(s), IP address(es), or IP address range(s)"
	}
	ends := strings.Split(one, "-")
	switch {
	case len(ends) == 1:
		prefix, err := netip.ParsePrefix(one)
		if err != nil {
			address, _ := netip.ParseAddr(one)
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		if !f.takes(prefix.Addr()) {
			say(form)
		}
	case len(ends) > 2:
		say(form)
	default:
		first, _ := netip.ParseAddr(ends[0])
		last, _ := netip.ParseAddr(ends[1])
		if !f.takes(first) || !f.takes(last) || first.Is4() != last.Is4() {
			say("destination IP address range is invalid")
		} else if last.Less(first) {
			say("beginning of IP address range is numerically greater than the end of its range (range endpoints are inverted)")
		}
	}
}

func (f ruleFacts) takes(address netip.Addr) bool {
	return address.Is4() || address.Is6() && f.ipv6
}

func checkPorts(given any, say func(string)) {
	if given == nil {
		say("ports are required for protocols of type TCP and UDP")
	}
	if ports, ok := given.(string); !ok || !validPorts(ports) {
		say("ports must be a valid single port, comma separated list of ports, or range or ports, formatted as a string")
	}
}

// validPorts is TransportRuleValidator.validate_port: a range's ends differ.
func validPorts(ports string) bool {
	valid := func(text string) (int, bool) {
		port, err := strconv.Atoi(strings.TrimSpace(text))
		return port, err == nil && port > 0 && port < 65536
	}
	if ends := portsRange.FindStringSubmatch(ports); ends != nil {
		first, ok := valid(ends[1])
		last, okToo := valid(ends[2])
		return ok && okToo && first < last
	}
	return !slices.ContainsFunc(strings.Split(ports, ","), func(port string) bool {
		_, ok := valid(port)
		return !ok || !onePort.MatchString(port)
	})
}
