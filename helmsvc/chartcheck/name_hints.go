package chartcheck

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// nameHints are about names of the chart's own Services, in what it renders, that
// apps can't look up, though the pods may: only whole names lead apps anywhere.
func nameHints(read []manifest.Object, n naming) []string {
	var found []string
	for _, o := range read {
		where := fmt.Sprintf("%s: %s %s: ", o.File, o.GetKind(), o.GetName())
		texts := textsOf(o.Unstructured)
		for _, text := range texts {
			for _, hint := range slices.Concat(n.misplaced(text), n.advertised(text)) {
				found = append(found, where+hint)
			}
		}
		for _, names := range certified(o.Unstructured, texts) {
			for _, hint := range n.uncertified(names) {
				found = append(found, where+hint)
			}
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(found, func(hint string) bool {
		again := seen[hint]
		seen[hint] = true
		return again
	})
}

// misplaced are names in a domain that isn't the cluster's.
func (n naming) misplaced(text string) []string {
	var found []string
	for _, host := range hostsIn(text) {
		if service, from := n.reachOf(host); from == nowhere {
			found = append(found, fmt.Sprintf("%s leads nowhere in a cluster whose domain is %s; let it be %s, or say --cluster-domain if that is the domain", host, n.domain, n.whole(host, service)))
		}
	}
	return found
}

var (
	// advertisement is a setting by which a server tells its clients where to go on,
	// in whatever form: a variable, a flag, a line of a file. Kafka, Redis, MongoDB
	// in Bitnami's images and etcd have such.
	advertisement = regexp.MustCompile(`(?i)([\w.-]*(?:advertise|announce)[\w.-]*)["']?\s*[=:\s]\s*(\S+)`)
	// members are those of a MongoDB replica set, which clients are told of.
	members = regexp.MustCompile(`(?s)(rs\.(?:initiate|add|reconfig))\s*\((.*?)(?:\n\s*\n|$)`)
)

// advertised are names that clients are told of and can't look up. Servers may
// advertise several, so one that can be looked up is enough; what is meant for peers
// is for pods alone.
func (n naming) advertised(text string) []string {
	var found []string
	for _, match := range slices.Concat(advertisement.FindAllStringSubmatch(text, -1), members.FindAllStringSubmatch(text, -1)) {
		setting, hosts := match[1], hostsIn(match[2])
		if strings.Contains(strings.ToLower(setting), "peer") || slices.ContainsFunc(hosts, func(h string) bool { _, from := n.reachOf(h); return from == anywhere }) {
			continue
		}
		for _, host := range hosts {
			if service, from := n.reachOf(host); from == inside {
				found = append(found, fmt.Sprintf("%s advertises %s, which pods can look up and apps can't; let it be %s", strings.TrimLeft(setting, "-"), host, n.whole(host, service)))
				break
			}
		}
	}
	return found
}

// certified are the names in each certificate that an object asks for or holds.
func certified(o *unstructured.Unstructured, texts []string) [][]string {
	var all [][]string
	if o.GetKind() == "Certificate" && strings.HasPrefix(o.GetAPIVersion(), "cert-manager.io/") {
		if names, found, err := unstructured.NestedStringSlice(o.Object, "spec", "dnsNames"); found && err == nil {
			all = append(all, names)
		}
	}
	for _, text := range texts {
		_, rest, _ := strings.Cut(text, "=")
		for block, more := pem.Decode([]byte(rest)); block != nil; block, more = pem.Decode(more) {
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				all = append(all, c.DNSNames)
			}
		}
	}
	return all
}

// uncertified are Services that a certificate names, and not by a name that apps can
// use.
func (n naming) uncertified(names []string) []string {
	whole := map[string]bool{}
	for _, name := range names {
		if service, from := n.reachOf(name); from == anywhere {
			whole[service] = true
		}
	}
	if slices.Contains(names, "*."+n.namespace+".svc."+n.domain) {
		return nil
	}
	var found []string
	for _, name := range names {
		if service, from := n.reachOf(name); from == inside && !whole[service] {
			whole[service] = true // told once
			found = append(found, fmt.Sprintf("the certificate names %s, by which apps can't reach it; add %s", name, n.whole(name, service)))
		}
	}
	return found
}
