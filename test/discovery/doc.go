// Package discovery is Cloud Foundry's service discovery for tests: NATS servers
// as CF runs them, a controller that keeps which address has which names, and a
// DNS server that answers as BOSH DNS does on a cell.
//
//	part         stands for                            listens on
//	NATS         nats-tls of nats-release 56.26.0      loopback: mutual TLS, user and password, several servers in a cluster
//	controller   service-discovery-controller          NATS: service-discovery.start, greet, register, unregister
//	DNS          bosh-dns and bosh-dns-adapter         loopback, UDP and TCP
//
// The NATS servers are the real ones, from their Go module. The controller and
// the DNS server follow cf-networking-release v3.53.0 (src/code.cloudfoundry.org:
// service-discovery-controller/mbus/subscriber.go and addresstable/address_table.go,
// bosh-dns-adapter/handlers/get_ip.go) and bosh-dns-release v1.39.28
// (dns/server/handlers/http_json_handler.go).
//
// # Held to the facts
//
// contract_test.go states each fact once. Pointed at the real
// service-discovery-controller and bosh-dns-adapter by the environment (see
// targetFromEnv), it says whether they still hold there. It passed on both, built
// from cf-networking-release v3.53.0-1-g240c7422, with nats-server 2.15.1 between.
//
// # What differs
//
// Who isn't warm is answered SERVFAIL at once; bosh-dns-adapter asks three times
// more over 1.8 s first. The controller reconnects to NATS every 0.25 s instead
// of every 2 s. Names outside the internal domains are refused, where BOSH DNS
// would ask other servers.
package discovery
