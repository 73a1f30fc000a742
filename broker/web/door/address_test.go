package door_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

func TestAddress(t *testing.T) {
	for name, c := range map[string]struct {
		proxies, peer string
		forwarded     []string
		want          string
	}{
		"the peer":                      {"", "192.0.2.1:5", nil, "192.0.2.1"},
		"not trusted":                   {"", "192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1"},
		"another is trusted":            {"192.0.2.2", "192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1"},
		"a proxy":                       {"192.0.2.1", "192.0.2.1:5", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy that says nothing":     {"192.0.2.1", "192.0.2.1:5", nil, "192.0.2.1"},
		"made up before the proxy":      {"192.0.2.0/24", "192.0.2.1:5", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                   {"192.0.2.0/24", "192.0.2.1:5", []string{"203.0.113.9, 198.51.100.1, 192.0.2.7"}, "198.51.100.1"},
		"several headers":               {"192.0.2.0/24", "192.0.2.1:5", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		"nonsense":                      {"192.0.2.1", "192.0.2.1:5", []string{"198.51.100.1, <script>"}, "192.0.2.1"},
		"with a port":                   {"192.0.2.1", "192.0.2.1:5", []string{"198.51.100.1:777"}, "198.51.100.1"},
		"IPv6":                          {"2001:db8::/32", "[2001:db8::1]:5", []string{"2001:db9::1"}, "2001:db9::1"},
		"IPv4 in IPv6":                  {"192.0.2.1", "[::ffff:192.0.2.1]:5", []string{"198.51.100.1"}, "198.51.100.1"},
		"private, of a container":       {"private", "127.0.0.1:5", []string{"203.0.113.9, 198.51.100.1, 10.0.0.7"}, "198.51.100.1"},
		"private, all of them":          {"private", "127.0.0.1:5", []string{"10.9.9.9, 10.0.0.7"}, "10.9.9.9"},
		"private, and a public network": {"private,198.51.100.0/24", "10.1.1.1:5", []string{"203.0.113.9, 198.51.100.1"}, "203.0.113.9"},
		"nearest":                       {"nearest", "10.255.1.2:5", []string{"203.0.113.9, 10.0.0.7"}, "10.0.0.7"},
		"nearest, made up before":       {"nearest", "127.0.0.1:5", []string{"203.0.113.9, 10.0.0.9, 10.0.0.7"}, "10.0.0.7"},
		"nearest, and a load balancer":  {"nearest,10.0.0.0/24", "127.0.0.1:5", []string{"203.0.113.9, 198.51.100.1, 10.0.0.7"}, "198.51.100.1"},
		"private, not the Internet":     {"private", "203.0.113.1:5", []string{"198.51.100.1"}, "203.0.113.1"},
	} {
		t.Run(name, func(t *testing.T) {
			var list []string
			if c.proxies != "" {
				list = strings.Split(c.proxies, ",")
			}
			proxies, err := door.ParseProxies(list)
			if err != nil {
				t.Fatal(err)
			}
			request := httptest.NewRequest("GET", "/", nil)
			request.RemoteAddr = c.peer
			request.Header["X-Forwarded-For"] = c.forwarded
			if got := proxies.Address(request).String(); got != c.want {
				t.Errorf("it comes from %s, want %s", got, c.want)
			}
		})
	}
	for _, wrong := range []string{"", "proxy.example.com", "10.0.0.0/33", "10.0.0.0-10.0.0.9"} {
		if _, err := door.ParseProxies([]string{wrong}); err == nil {
			t.Errorf("%q is taken for a proxy", wrong)
		}
	}
}
