package chartcheck

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// servicePorts are the numbers that Services have for ports of pods, where these have
// another one: by the pods' port, `tcp 5432`.
func servicePorts(offered view.View, domain string) map[string][]int32 {
	differ := map[string][]int32{}
	own := offered.Named(view.Addressing{Domain: domain, ServicePorts: true}).Services
	for i, s := range offered.Services {
		for j, e := range s.Endpoints {
			key := portKey(e.Protocol, e.Port)
			if port := own[i].Endpoints[j].Port; port != e.Port && !slices.Contains(differ[key], port) {
				differ[key] = append(differ[key], port)
			}
		}
	}
	return differ
}

func portKey(protocol string, port int32) string { return fmt.Sprintf("%s %d", protocol, port) }

// portHints are about credentials that hold a Service's port where the pods have
// another: what the chart's author knows by heart, and apps can't reach.
func portHints(file string, credentials json.RawMessage, ports []Port) []string {
	leads := map[string]Port{}
	for _, p := range ports {
		for _, own := range p.ServicePorts {
			leads[strconv.Itoa(int(own))] = p
		}
	}
	for _, p := range ports { // a number that is both is right
		delete(leads, strconv.Itoa(int(p.Number)))
	}
	var found []string
	eachLeaf(credentials, func(path, text string) {
		for _, own := range slices.Sorted(maps.Keys(leads)) {
			if holdsPort(path, text, own) {
				found = append(found, fmt.Sprintf("%s: the credential %s holds the Service's port %s, where the pods listen on %d, which is what apps need with ADDRESSES=pods and names; take it from `endpoints[].port` of the Service",
					file, path, own, leads[own].Number))
			}
		}
	})
	return found
}

var portInURI = regexp.MustCompile(`[^\s:/]{2}:(\d+)(?:$|[^\d.:])`)

// holdsPort tells whether a credential is that port, or an address with it.
func holdsPort(path, text, port string) bool {
	if text == port {
		return strings.Contains(strings.ToLower(path), "port")
	}
	return slices.ContainsFunc(portInURI.FindAllStringSubmatch(text, -1), func(match []string) bool { return match[1] == port })
}

// addressHints are about credentials that hold addresses of pods also where the
// broker hands out names.
func (c Checker) addressHints(ctx context.Context, service chart.Service, plan chart.Plan, w world, offered view.View) []string {
	if plan.WithAddresses {
		return nil
	}
	named := offered.Named(view.Addressing{Domain: c.domain()})
	_, credentials, err := c.credentials(ctx, service, plan, w, named)
	if err != nil {
		return []string{fmt.Sprintf("%s: with names in place of addresses (ADDRESSES=names) it fails: %s", service.Bind.File, oneLine(err.Error()))}
	}
	var found []string
	eachLeaf(credentials, func(path, text string) {
		held := slices.ContainsFunc(w.pods, func(p corev1.Pod) bool {
			return strings.Contains(text, p.Status.PodIP) && !slices.Contains(named.Hosts(), p.Status.PodIP)
		})
		if held {
			found = append(found, fmt.Sprintf("%s: the credential %s holds addresses of pods also where the broker hands out names (ADDRESSES=names); take `host` or `hosts`, or set `addresses: pods` in the plan", service.Bind.File, path))
		}
	})
	return slices.Compact(found)
}

// eachLeaf calls see with each text and number of the credentials, and its place.
func eachLeaf(credentials json.RawMessage, see func(path, text string)) {
	var decoded any
	if json.Unmarshal(credentials, &decoded) != nil {
		return // shape has told
	}
	walkLeaves("", decoded, see)
}

func walkLeaves(path string, value any, see func(path, text string)) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walkLeaves(below(path, key), v[key], see)
		}
	case []any:
		for _, item := range v {
			walkLeaves(path+"[]", item, see)
		}
	case string:
		see(path, v)
	case float64:
		see(path, strconv.FormatFloat(v, 'f', -1, 64))
	}
}
