package names

import "strings"

// Meets tells whether a domain of Cloud Foundry's is where the cluster's names are:
// it is the cluster's, or lies within it. Then a route there could have the name of a
// Service, or be looked for among them. A domain that contains the cluster's does no
// harm: before a route's domain stands one label, and before the cluster's domain at
// least three in each name.
func (d Domain) Meets(domain string) bool {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	return domain == string(d) || strings.HasSuffix(domain, "."+string(d))
}
