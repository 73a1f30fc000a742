package chartcheck

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// naming is how the made-up instance's Services are called in DNS.
type naming struct {
	services  []string
	namespace string
	domain    string
}

// reach is from where a name can be looked up.
type reach int

const (
	elsewhere reach = iota // it isn't one of the chart's
	inside                 // by pods alone: it is completed by their search list
	anywhere               // by apps too
	nowhere                // it is in a domain that isn't the cluster's
)

func namingOf(services []corev1.Service, domain string) naming {
	n := naming{namespace: target().Namespace, domain: domain}
	for _, s := range services {
		n.services = append(n.services, s.Name)
	}
	return n
}

// reachOf tells from where a name can be looked up, and which Service it is of:
// `<service>.<namespace>.svc.<domain>`, what is left of it when its end is left out,
// or either with a pod's name before it.
func (n naming) reachOf(name string) (service string, from reach) {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	at := slices.IndexFunc(labels[:min(2, len(labels))], func(label string) bool { return slices.Contains(n.services, label) })
	if at < 0 {
		return "", elsewhere
	}
	service, rest := labels[at], labels[at+1:]
	switch {
	case len(rest) == 0:
		return service, inside
	case rest[0] != n.namespace || len(rest) > 1 && rest[1] != "svc":
		return "", elsewhere
	case len(rest) <= 2:
		return service, inside
	case strings.Join(rest[2:], ".") == n.domain:
		return service, anywhere
	}
	return service, nowhere
}

// whole is a name as it can be looked up from anywhere.
func (n naming) whole(name, service string) string {
	before, _, _ := strings.Cut("."+name+".", "."+service+".")
	return strings.TrimPrefix(before+"."+service+"."+n.namespace+".svc."+n.domain, ".")
}

// hostsIn are what may be names in a text: what stands between what can't be part of
// one, without a port.
func hostsIn(text string) []string {
	var hosts []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;'\"`@/|<>[]=&?#\\", r) }) {
		host, _, _ := strings.Cut(word, ":")
		hosts = append(hosts, host)
	}
	return hosts
}
