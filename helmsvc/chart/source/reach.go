package source

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// reach is where a source may lead. What a server answers decides where the
// broker asks next: redirects, a registry's token service, an index's addresses.
// None of them may lead to the broker's own machine or to what only its
// neighbours on the link offer, a cloud's metadata service say, unless the list
// itself says so.
//
// It looks at the addresses that are connected to: what a name leads to can
// change between two looks.
type reach struct {
	// own is the list's host, without a port.
	own string
	// proxies are the operator's, as host:port.
	proxies sync.Map
}

func (s Source) reach() *reach {
	address := s.Repository
	if s.kind() == ociKind {
		address = s.OCI
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return &reach{} // check has refused it
	}
	return &reach{own: parsed.Hostname()}
}

// proxy is the one that the environment names.
func (r *reach) proxy(request *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(request)
	if err != nil || proxy == nil {
		return nil, err
	}
	return proxy, r.by(proxy, request)
}

// by allows the way to the proxy, wherever the operator has it, and refuses
// what that would be told to reach by an address that is near it.
func (r *reach) by(proxy *url.URL, request *http.Request) error {
	if address, err := netip.ParseAddr(request.URL.Hostname()); err == nil {
		if err := r.allow(address); err != nil {
			return err
		}
	}
	port := proxy.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme]
	}
	if port == "" {
		port = "80"
	}
	r.proxies.Store(net.JoinHostPort(proxy.Hostname(), port), true)
	return nil
}

// dial connects to a server, or to the proxy.
func (r *reach) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	if _, isProxy := r.proxies.Load(address); !isProxy {
		dialer.Control = r.control
	}
	return dialer.DialContext(ctx, network, address)
}

// control is asked once an address is known and before anything is sent there.
func (r *reach) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%s isn't an address", address)
	}
	return r.allow(to.Addr())
}

// allow refuses an address that is near, unless the list names one that is as
// near. A name in the list isn't enough: who has it decides where it leads.
func (r *reach) allow(address netip.Addr) error {
	where := nearness(address)
	own, err := netip.ParseAddr(r.own)
	switch {
	case where == "":
		return nil
	case err == nil && nearness(own) == where:
		return nil
	case r.own == "localhost" && where == loopback:
		return nil
	}
	return fmt.Errorf("%s is %s, where a source may lead only if the list names such an address itself; if that is meant, name it there by its address", address, where)
}

const loopback = "an address of the broker's own machine"

// nearness says how an address is near; "" if it isn't.
func nearness(address netip.Addr) string {
	address = address.Unmap()
	switch {
	case address.IsLoopback(), address.IsUnspecified(): // the latter leads there, too
		return loopback
	case address.IsLinkLocalUnicast(), address.IsMulticast():
		return "a link-local address"
	}
	return ""
}
