// Package names says which DNS names lead to which addresses: those that
// Kubernetes' DNS gives to pods inside the cluster, for everyone outside it
// whose DNS can be told of them. So one name is right for pods and apps alike.
//
// It is rules only, from Services and EndpointSlices to records. Watching those
// is names/watch's business, and bringing records to Cloud Foundry's service
// discovery names/publish's.
//
// The names' source is Kubernetes' specification of DNS-based service discovery
// (kubernetes/dns, docs/specification.md, schema version 1.1.0), read as CoreDNS
// 1.14.7 does it (plugin/kubernetes), with these differences:
//
//   - A Service with a ClusterIP has its endpoints' addresses, as a headless one
//     has: a ClusterIP means nothing outside the cluster.
//   - There are A records only. The overlay is IPv4, and bosh-dns-adapter
//     (cf-networking-release v3.53.0, handlers/get_ip.go) answers nothing else,
//     so ExternalName's CNAME can't be had either, nor SRV or PTR.
//   - An endpoint whose pod is being terminated isn't given, also where
//     publishNotReadyAddresses has Kubernetes call it ready: its address is
//     about to be somebody else's.
//   - An address must be one of the namespace's own pods; see Domain.Records.
package names
