package binding

import (
	"encoding/json"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

func TestEndpointsFor(t *testing.T) {
	at := func(host string, protocol string, ports ...int32) (all []view.Endpoint) {
		for _, port := range ports {
			all = append(all, view.Endpoint{Host: host, Port: port, Protocol: protocol})
		}
		return all
	}
	for name, c := range map[string]struct {
		reach [][]view.Endpoint
		want  string
	}{
		"nothing":           {nil, `null`},
		"one":               {[][]view.Endpoint{at("a", "tcp", 5432)}, `[{"host":"a","ports":["5432"],"protocol":"tcp"}]`},
		"twice":             {[][]view.Endpoint{at("a", "tcp", 5432), at("a", "tcp", 5432)}, `[{"host":"a","ports":["5432"],"protocol":"tcp"}]`},
		"ports in a row":    {[][]view.Endpoint{at("a", "tcp", 9002, 80, 9000, 9001, 82, 81, 7)}, `[{"host":"a","ports":["7","80-82","9000-9002"],"protocol":"tcp"}]`},
		"hosts, protocols":  {[][]view.Endpoint{at("b", "tcp", 1), at("a", "udp", 53), at("a", "tcp", 53)}, `[{"host":"a","ports":["53"],"protocol":"tcp"},{"host":"a","ports":["53"],"protocol":"udp"},{"host":"b","ports":["1"],"protocol":"tcp"}]`},
		"the highest ports": {[][]view.Endpoint{at("a", "tcp", 65535, 65534)}, `[{"host":"a","ports":["65534-65535"],"protocol":"tcp"}]`},
	} {
		var reach []view.Endpoint
		for _, r := range c.reach {
			reach = append(reach, r...)
		}
		got, err := json.Marshal(endpointsFor(reach))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s %v, want %s", name, got, err, c.want)
		}
	}
}
