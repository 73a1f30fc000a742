package binding

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// endpointsFor are the endpoints in OSBAPI's form: each host once for each protocol,
// with its ports, those in a row as a range.
func endpointsFor(reach []view.Endpoint) []record.Endpoint {
	slices.SortFunc(reach, func(a, b view.Endpoint) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
	})
	var all []record.Endpoint
	for len(reach) > 0 {
		host, protocol := reach[0].Host, reach[0].Protocol
		var ports []int32
		for len(reach) > 0 && reach[0].Host == host && reach[0].Protocol == protocol {
			ports = append(ports, reach[0].Port)
			reach = reach[1:]
		}
		all = append(all, record.Endpoint{Host: host, Ports: inRanges(slices.Compact(ports)), Protocol: protocol})
	}
	return all
}

// inRanges writes sorted ports as OSBAPI has them.
func inRanges(ports []int32) []string {
	var all []string
	for i := 0; i < len(ports); {
		end := i + 1
		for end < len(ports) && ports[end] == ports[end-1]+1 {
			end++
		}
		text := strconv.Itoa(int(ports[i]))
		if end > i+1 {
			text = fmt.Sprintf("%d-%d", ports[i], ports[end-1])
		}
		all = append(all, text)
		i = end
	}
	return all
}
