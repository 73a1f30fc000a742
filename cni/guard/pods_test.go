package guard

import (
	"net/netip"
	"strings"
	"testing"
)

// silk are a pod's rules as silk-release's cni-wrapper-plugin writes them, with logging
// (netrules.NetOut), and the policy agent's before them.
const silk = `*filter
:FORWARD ACCEPT [0:0]
:netout--8f2b6c0d1e3a4f5b6c7 - [0:0]
:overlay--8f2b6c0d1e3a4f5b6c7 - [0:0]
:vpa--1732752000000000 - [0:0]
-A FORWARD -j vpa--1732752000000000
-A FORWARD -s 10.255.7.2/32 -o eth0 -j netout--8f2b6c0d1e3a4f5b6c7
-A FORWARD -j overlay--8f2b6c0d1e3a4f5b6c7
-A netout--8f2b6c0d1e3a4f5b6c7 -m state --state RELATED,ESTABLISHED -j ACCEPT
-A netout--8f2b6c0d1e3a4f5b6c7 -j REJECT --reject-with icmp-port-unreachable
-A overlay--8f2b6c0d1e3a4f5b6c7 -s 10.255.7.2/32 -o silk-vtep -m mark ! --mark 0x0 -j ACCEPT
-A overlay--8f2b6c0d1e3a4f5b6c7 -d 10.255.7.2/32 -m state --state RELATED,ESTABLISHED -j ACCEPT
-A overlay--8f2b6c0d1e3a4f5b6c7 -d 10.255.7.2/32 -m mark --mark 0xffff0000 -j ACCEPT
-A overlay--8f2b6c0d1e3a4f5b6c7 -d 10.255.7.2/32 -m limit --limit 1/sec --limit-burst 1 -j LOG --log-prefix "DENY_C2C_8f2b6c0d1e3a4f5b6 "
-A overlay--8f2b6c0d1e3a4f5b6c7 -d 10.255.7.2/32 -j REJECT --reject-with icmp-port-unreachable
-A vpa--1732752000000000 -d 10.255.7.2/32 -p tcp -m tcp --dport 6379:6379 -m mark --mark 0x4001 -j ACCEPT
COMMIT
`

// standIn are those of test/silk/dataplane.
const standIn = `*filter
:FORWARD ACCEPT [0:0]
-A FORWARD -j vpa--policies
-A FORWARD -j overlay--0123456789abcdef
-A overlay--0123456789abcdef -d 10.255.7.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A overlay--0123456789abcdef -d 10.255.7.2/32 -j REJECT --reject-with icmp-port-unreachable
COMMIT
`

// without are Silk's rules but for the lines that have a part.
func without(part string) string {
	var kept []string
	for line := range strings.Lines(silk) {
		if !strings.Contains(line, part) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestPods: a pod whose reject isn't there is open, and told of.
func TestPods(t *testing.T) {
	pod := Pod{Container: "8f2b6c0d1e3a4f5b6c7d8e9f", Name: "ns/web-0", Address: netip.MustParseAddr("10.255.7.2")}
	other := Pod{Container: "c2", Name: "ns/web-1", Address: netip.MustParseAddr("10.255.7.3")}
	const flushed = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
	const open = "rejects what is for ns/web-0 (10.255.7.2). The rules were flushed"
	for name, c := range map[string]struct {
		rules []string
		pods  []Pod
		want  string
	}{
		"as Silk has it":              {[]string{silk}, []Pod{pod}, ""},
		"as test/silk has it":         {[]string{standIn}, []Pod{pod}, ""},
		"no pods":                     {[]string{flushed}, nil, ""},
		"flushed":                     {[]string{flushed}, []Pod{pod}, open},
		"flushed, chains left":        {[]string{without("-A ")}, []Pod{pod}, open},
		"FORWARD flushed":             {[]string{without("-A FORWARD")}, []Pod{pod}, open},
		"the pod's chain flushed":     {[]string{without("-A overlay")}, []Pod{pod}, open},
		"the reject taken away":       {[]string{without("-d 10.255.7.2/32 -j REJECT")}, []Pod{pod}, open},
		"no jump":                     {[]string{without("-A FORWARD -j overlay")}, []Pod{pod}, open},
		"another pod's":               {[]string{silk}, []Pod{pod, other}, "ns/web-1 (10.255.7.3)"},
		"the policies' chain alone":   {[]string{without("vpa--")}, []Pod{pod}, ""},
		"in the other kind of tables": {[]string{flushed, silk}, []Pod{pod}, ""},
		"a jump for some":             {[]string{strings.Replace(silk, "-A FORWARD -j overlay", "-A FORWARD -i eth0 -j overlay", 1)}, []Pod{pod}, open},
		"a reject for the overlay":    {[]string{strings.Replace(silk, "-d 10.255.7.2/32 -j REJECT", "-s 10.255.0.0/16 -d 10.255.7.2/32 -j REJECT", 1)}, []Pod{pod}, ""},
		"a reject for some":           {[]string{strings.Replace(silk, "-d 10.255.7.2/32 -j REJECT", "-s 10.255.9.0/24 -d 10.255.7.2/32 -j REJECT", 1)}, []Pod{pod}, open},
		"a reject of all but some":    {[]string{strings.Replace(silk, "-d 10.255.7.2/32 -j REJECT", "! -s 10.255.9.0/24 -d 10.255.7.2/32 -j REJECT", 1)}, []Pod{pod}, open},
		"a reject of one protocol":    {[]string{strings.Replace(silk, "/32 -j REJECT", "/32 -p tcp -j REJECT", 1)}, []Pod{pod}, open},
		"returned before":             {[]string{strings.Replace(silk, "-A FORWARD -j overlay", "-A FORWARD -j RETURN\n-A FORWARD -j overlay", 1)}, []Pod{pod}, open},
		"let by in Silk's chain":      {[]string{strings.Replace(silk, "-A vpa--1732752000000000 ", "-A vpa--1732752000000000 -j ACCEPT\n-A vpa--1732752000000000 ", 1)}, []Pod{pod}, open},
		"by goto":                     {[]string{strings.Replace(silk, "-A FORWARD -j overlay", "-A FORWARD -g overlay", 1)}, []Pod{pod}, ""},
		"after a goto to nothing":     {[]string{strings.Replace(silk, "-A FORWARD -j vpa--1732752000000000", ":empty - [0:0]\n-A FORWARD -g empty", 1)}, []Pod{pod}, open},
		"after a goto to a log":       {[]string{strings.Replace(silk, "-A FORWARD -j vpa--1732752000000000", "-A FORWARD -g log\n-A log -p tcp -j REJECT", 1)}, []Pod{pod}, open},
		"after a goto":                {[]string{strings.Replace(silk, "-A FORWARD -j vpa", "-A FORWARD -g vpa", 1)}, []Pod{pod}, open},
		"through a chain that loops":  {[]string{strings.Replace(silk, "-A FORWARD -j overlay", "-A FORWARD -j x\n-A x -j x\n-A x -j overlay", 1)}, []Pod{pod}, ""},
		"rules aren't looked at":      {nil, []Pod{pod}, ""},
		"of IPv6 nothing is asked":    {[]string{flushed}, []Pod{{Name: "ns/web-2", Address: netip.MustParseAddr("fd00::2")}}, ""},
		"a DROP, of the network, quoted": {[]string{`*filter
-A FORWARD -m comment --comment "none -j ACCEPT" -d 10.255.7.0/24 -j DROP
COMMIT
`}, []Pod{pod}, ""},
	} {
		got := strings.Join(Judge(Facts{Rules: kept(c.rules...), Pods: c.pods}, expected()), "\n")
		if all := strings.Join(Judge(Facts{Rules: whole(c.rules...), Pods: c.pods}, expected()), "\n"); got != all {
			t.Errorf("%s: %q, and %q by all rules", name, got, all)
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestManyPods: an event holds what is said of a full node.
func TestManyPods(t *testing.T) {
	var pods []Pod
	for i := range 250 {
		pods = append(pods, Pod{Name: "cf-helm-0a1b2c3d-0000-4000-8000-000000000001/postgresql-0", Address: netip.AddrFrom4([4]byte{10, 255, 7, byte(i)})})
	}
	got := Judge(Facts{Rules: kept("*filter\nCOMMIT\n"), Pods: pods}, expected())
	if len(got) != 1 || len(got[0]) > 1024 || !strings.Contains(got[0], "and 242 more") || !strings.Contains(got[0], "restart vxlan-policy-agent") {
		t.Errorf("%q", got)
	}
}
