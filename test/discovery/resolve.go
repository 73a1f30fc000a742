package discovery

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// Resolve asks the DNS server as an app's resolver does, over TCP if the answer
// is too long for UDP. It returns the addresses in order; a name that isn't known
// has none.
func (s *Server) Resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
	client := &dns.Client{}
	answer, _, err := client.ExchangeContext(ctx, question, s.DNS())
	if err == nil && answer.Truncated {
		client.Net = "tcp"
		answer, _, err = client.ExchangeContext(ctx, question, s.DNS())
	}
	if err != nil {
		return nil, fmt.Errorf("resolving %s: %w", name, err)
	}
	if answer.Rcode != dns.RcodeSuccess {
		return nil, fmt.Errorf("resolving %s: the answer is %s", name, dns.RcodeToString[answer.Rcode])
	}
	var addresses []netip.Addr
	for _, record := range answer.Answer {
		if a, ok := record.(*dns.A); ok {
			address, _ := netip.AddrFromSlice(a.A.To4())
			addresses = append(addresses, address)
		}
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	return addresses, nil
}
