package chart_test

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

func TestDestinations(t *testing.T) {
	const good = `{name: dns, namespace: kube-system, selector: {k8s-app: kube-dns}, group: 3f6f6a0e-8a64-4a0b-9f37-0d6a7f4d6a11, ports: [53/udp, 53]}`
	with := func(part, other string) string { return "[" + strings.Replace(good, part, other, 1) + "]" }
	for name, c := range map[string]struct{ text, want string }{
		"none":          {"", ""},
		"one":           {"[" + good + "]", ""},
		"not a list":    {good, "must be a list of destinations"},
		"unknown key":   {with("name: dns", "name: dns, hosts: []"), "hosts"},
		"no name":       {with("name: dns, ", ""), "destination 1: it needs a name"},
		"same name":     {"[" + good + "," + good + "]", `destination 2: the name "dns" is used twice`},
		"no namespace":  {with("namespace: kube-system, ", ""), "dns: namespace"},
		"no selector":   {with("selector: {k8s-app: kube-dns}, ", ""), "dns: selector must be labels"},
		"no group":      {with("3f6f6a0e-8a64-4a0b-9f37-0d6a7f4d6a11", "kube-dns"), "lower-case UUID"},
		"upper case":    {with("3f6f6a0e", "3F6F6A0E"), "lower-case UUID"},
		"no ports":      {with("[53/udp, 53]", "[]"), "it needs ports"},
		"a port beyond": {with("[53/udp, 53]", "[65536]"), "from 1 to 65535, not 65536"},
		"port zero":     {with("[53/udp, 53]", "[0]"), "from 1 to 65535, not 0"},
		"sctp":          {with("53/udp", "53/sctp"), "tcp and udp only"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := chart.ParseSharedServices([]byte(c.text))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if name == "one" && (len(found) != 1 || len(found[0].Ports) != 2 || found[0].Ports[0] != chart.Port{Number: 53, Protocol: "udp"}) {
				t.Errorf("found %+v", found)
			}
		})
	}
}
