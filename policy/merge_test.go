package policy_test

import (
	"slices"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

func ports(protocol string, start, end int) policy.Policy {
	p := policy.To(app, group, protocol, start)
	p.Destination.Ports.End = end
	return p
}

func TestMerged(t *testing.T) {
	other := policy.To(group, app, "tcp", 8081)
	elsewhere := policy.To(app, app, "tcp", 8081)
	for name, c := range map[string]struct{ have, want []policy.Policy }{
		"nothing":          {nil, nil},
		"one":              {[]policy.Policy{ports("tcp", 1, 1)}, []policy.Policy{ports("tcp", 1, 1)}},
		"the same":         {[]policy.Policy{ports("tcp", 1, 1), ports("tcp", 1, 1)}, []policy.Policy{ports("tcp", 1, 1)}},
		"neighbours":       {[]policy.Policy{ports("tcp", 8080, 8080), ports("tcp", 8081, 8081)}, []policy.Policy{ports("tcp", 8080, 8081)}},
		"a gap":            {[]policy.Policy{ports("tcp", 1, 1), ports("tcp", 3, 3)}, []policy.Policy{ports("tcp", 1, 1), ports("tcp", 3, 3)}},
		"a gap closed":     {[]policy.Policy{ports("tcp", 3, 3), ports("tcp", 1, 1), ports("tcp", 2, 2)}, []policy.Policy{ports("tcp", 1, 3)}},
		"overlapping":      {[]policy.Policy{ports("tcp", 5, 9), ports("tcp", 1, 6)}, []policy.Policy{ports("tcp", 1, 9)}},
		"one in another":   {[]policy.Policy{ports("tcp", 1, 9), ports("tcp", 3, 4), ports("tcp", 10, 10)}, []policy.Policy{ports("tcp", 1, 10)}},
		"the last port":    {[]policy.Policy{ports("tcp", 65535, 65535), ports("tcp", 65534, 65534)}, []policy.Policy{ports("tcp", 65534, 65535)}},
		"other protocol":   {[]policy.Policy{ports("udp", 2, 2), ports("tcp", 1, 1)}, []policy.Policy{ports("tcp", 1, 1), ports("udp", 2, 2)}},
		"other ends":       {[]policy.Policy{other, ports("tcp", 8080, 8080)}, []policy.Policy{ports("tcp", 8080, 8080), other}},
		"other group only": {[]policy.Policy{elsewhere, ports("tcp", 8080, 8080)}, []policy.Policy{elsewhere, ports("tcp", 8080, 8080)}},
	} {
		t.Run(name, func(t *testing.T) {
			given := slices.Clone(c.have)
			if got := policy.Merged(c.have); !slices.Equal(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if !slices.Equal(c.have, given) {
				t.Errorf("what was given became %+v", c.have)
			}
			slices.Reverse(given)
			if got := policy.Merged(given); !slices.Equal(got, c.want) {
				t.Errorf("given the other way round: %+v, want %+v", got, c.want)
			}
			if got := policy.Merged(c.want); !slices.Equal(got, c.want) {
				t.Errorf("merged again: %+v, want %+v", got, c.want)
			}
		})
	}
}
