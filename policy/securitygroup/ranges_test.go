package securitygroup

import (
	"net/netip"
	"slices"
	"testing"
)

func TestRanges(t *testing.T) {
	for name, c := range map[string]struct{ addresses, want []string }{
		"none":                {nil, nil},
		"one":                 {[]string{"10.0.0.1"}, []string{"10.0.0.1"}},
		"in any order, twice": {[]string{"10.0.0.3", "10.0.0.1", "10.0.0.2", "10.0.0.1"}, []string{"10.0.0.1-10.0.0.3"}},
		"a gap":               {[]string{"10.0.0.1", "10.0.0.3"}, []string{"10.0.0.1", "10.0.0.3"}},
		"across an octet":     {[]string{"10.0.0.255", "10.0.1.0"}, []string{"10.0.0.255-10.0.1.0"}},
		"the last address":    {[]string{"255.255.255.255", "255.255.255.254"}, []string{"255.255.255.254-255.255.255.255"}},
		"both families":       {[]string{"fd00::2", "10.0.0.1", "fd00::1"}, []string{"10.0.0.1", "fd00::1-fd00::2"}},
		"4 in 6":              {[]string{"::ffff:10.0.0.1", "10.0.0.2"}, []string{"10.0.0.1-10.0.0.2"}},
		"a zone":              {[]string{"fd00::1%eth0"}, []string{"fd00::1"}},
	} {
		t.Run(name, func(t *testing.T) {
			addresses := []netip.Addr{{}} // one that isn't any
			for _, text := range c.addresses {
				addresses = append(addresses, netip.MustParseAddr(text))
			}
			if got := ranges(addresses); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
