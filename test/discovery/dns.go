package discovery

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"

	"github.com/miekg/dns"
)

// dnsServer answers as BOSH DNS does on every cell.
type dnsServer struct {
	address  string
	udp, tcp *dns.Server
}

func startDNS(s *Server) (*dnsServer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	packets, err := net.ListenPacket("udp", listener.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("TCP's port isn't free for UDP: %w", err), listener.Close())
	}
	d := &dnsServer{address: listener.Addr().String()}
	d.tcp = &dns.Server{Listener: listener, Handler: dns.HandlerFunc(s.answer)}
	d.udp = &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(s.answer)}
	started := make(chan struct{}, 2)
	for _, server := range []*dns.Server{d.tcp, d.udp} {
		server.NotifyStartedFunc = func() { started <- struct{}{} }
		go func() { _ = server.ActivateAndServe() }() // until close
	}
	<-started
	<-started
	return d, nil
}

func (d *dnsServer) close() { _, _ = d.tcp.Shutdown(), d.udp.Shutdown() }

// DNS is where names are resolved, as host:port over UDP and TCP.
func (s *Server) DNS() string { return s.dns.address }

func (s *Server) answer(w dns.ResponseWriter, request *dns.Msg) {
	response := new(dns.Msg).SetReply(request)
	response.Authoritative, response.RecursionAvailable = true, true
	if len(request.Question) > 0 {
		s.fill(response, request.Question[0])
	}
	if _, ok := w.RemoteAddr().(*net.UDPAddr); ok {
		response.Truncate(sizeFor(request))
	}
	_ = w.WriteMsg(response) // who asks has gone
}

// fill puts in a name's addresses, in random order and for no time at all. A name
// that isn't known has none, and is there all the same.
func (s *Server) fill(response *dns.Msg, question dns.Question) {
	if !s.isInternal(question.Name) {
		response.Rcode = dns.RcodeRefused
		return
	}
	if question.Qtype != dns.TypeA {
		return
	}
	addresses, warm := s.lookup(question.Name)
	if !warm {
		response.Rcode = dns.RcodeServerFailure
		return
	}
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	for _, address := range addresses {
		header := dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}
		response.Answer = append(response.Answer, &dns.A{Hdr: header, A: net.ParseIP(address)})
	}
}

func (s *Server) isInternal(name string) bool {
	for _, domain := range s.options.Domains {
		if dns.IsSubDomain(dns.Fqdn(domain), strings.ToLower(name)) {
			return true
		}
	}
	return false
}

func sizeFor(request *dns.Msg) int {
	if options := request.IsEdns0(); options != nil {
		return int(options.UDPSize())
	}
	return dns.MinMsgSize
}
