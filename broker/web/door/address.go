package door

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are whose X-Forwarded-For is believed.
type Proxies struct {
	networks []netip.Prefix
	private  bool
	nearest  bool
}

// ParseProxies reads addresses and networks such as 10.0.0.0/8. The word
// private stands for all private, link-local and loopback addresses, nearest for
// whoever connects, whatever its address.
func ParseProxies(list []string) (Proxies, error) {
	var p Proxies
	for _, text := range list {
		text = strings.TrimSpace(text)
		if text == "private" {
			p.private = true
			continue
		}
		if text == "nearest" {
			p.nearest = true
			continue
		}
		network, err := netip.ParsePrefix(text)
		if address, plain := netip.ParseAddr(text); plain == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return Proxies{}, fmt.Errorf("%q is no address, no network such as 10.0.0.0/8, and neither of the words private and nearest", text)
		}
		p.networks = append(p.networks, network.Masked())
	}
	return p, nil
}

func (p Proxies) include(a netip.Addr) bool {
	if p.private && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()) {
		return true
	}
	return slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Address is where a request comes from: the peer or, if that is a proxy, the
// last address of X-Forwarded-For that isn't one. Each proxy appends what it
// saw; what stands before that the client may have made up.
func (p Proxies) Address(r *http.Request) netip.Addr {
	from := parseAddress(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	peer := true
	for _, hop := range slices.Backward(hops) {
		if believed := p.include(from) || peer && p.nearest; !believed {
			return from
		}
		peer = false
		before := parseAddress(strings.TrimSpace(hop))
		if !before.IsValid() {
			return from
		}
		from = before
	}
	return from
}

// parseAddress takes an address with or without a port. It returns the zero
// Addr for anything else.
func parseAddress(text string) netip.Addr {
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().Unmap().WithZone("")
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}

// household is what an address shares its limit with: one customer has a whole
// IPv6 network of 64 bits.
func household(a netip.Addr) netip.Prefix {
	bits := min(a.BitLen(), 64)
	network, err := a.Prefix(bits)
	if err != nil { // of the zero Addr
		return netip.Prefix{}
	}
	return network
}
