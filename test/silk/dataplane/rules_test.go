package dataplane_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/dataplane"
)

func container(id, address, group string) dataplane.Container {
	return dataplane.Container{ID: id, Address: netip.MustParseAddr(address), Group: group}
}

func TestPolicyRules(t *testing.T) {
	policy := cf.NewPolicy("app", "db", "tcp", 5432, 5433)
	policy.Source.Tag, policy.Destination.Tag = "4001", "0002"
	const begin, end = "*filter\n:vpa--policies - [0:0]\n", "COMMIT\n"
	mark := func(address string) string {
		return `-A vpa--policies -s ` + address + `/32 -m comment --comment "src:app" -j MARK --set-xmark 0x4001/0xffffffff` + "\n"
	}
	const accept = `-A vpa--policies -d 10.255.1.9/32 -p tcp -m tcp --dport 5432:5433 -m mark --mark 0x4001 -m comment --comment "src:app_dst:db" -j ACCEPT` + "\n"
	for name, test := range map[string]struct {
		containers []dataplane.Container
		want       string
	}{
		"on a node without either end": {[]dataplane.Container{container("c", "10.255.1.2", "other"), container("d", "10.255.1.3", "")}, begin + end},
		"on the source's node":         {[]dataplane.Container{container("c", "10.255.1.2", "app"), container("d", "10.255.1.3", "app")}, begin + mark("10.255.1.2") + mark("10.255.1.3") + end},
		"on the destination's node":    {[]dataplane.Container{container("c", "10.255.1.9", "db")}, begin + accept + end},
		"on a node of both": {[]dataplane.Container{container("c", "10.255.1.9", "db"), container("d", "10.255.1.2", "app")},
			begin + mark("10.255.1.2") + accept + end},
	} {
		t.Run(name, func(t *testing.T) {
			if got := dataplane.PolicyRules([]cf.Policy{policy}, test.containers); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestContainerRules: a container is denied what comes from off the overlay, too.
func TestContainerRules(t *testing.T) {
	c := container("c", "10.255.1.2", "")
	want := `*filter
:CHAIN - [0:0]
-A FORWARD -j CHAIN
-A CHAIN -d 10.255.1.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A CHAIN -d 10.255.1.2/32 -j REJECT --reject-with icmp-port-unreachable
COMMIT
`
	if got := dataplane.ContainerRules(c); got != strings.ReplaceAll(want, "CHAIN", c.Chain()) {
		t.Errorf("got\n%s", got)
	}
}

func TestNames(t *testing.T) {
	c := container("0123456789", "10.255.7.2", "")
	if got := c.Interface(); got != "s-010255007002" {
		t.Errorf("the interface is %s", got)
	}
	// iptables' limit.
	if got := c.Chain(); len(got) > 28 || got == container("another", "10.255.7.2", "").Chain() {
		t.Errorf("the chain is %s", got)
	}
}
