package names

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

const (
	maxName  = 253 // characters of a name, without a dot at its end: RFC 1035, section 2.3.4
	maxLabel = 63  // characters between two dots: the same
)

// Domain is a cluster's DNS domain, such as cluster.local: in lower case, and
// without a dot at its end. ParseDomain makes one.
type Domain string

// ParseDomain reads a cluster's domain. Upper case and a dot at the end are
// taken off, since they mean nothing to DNS.
func ParseDomain(text string) (Domain, error) {
	domain := strings.ToLower(strings.TrimSuffix(text, "."))
	if domain == "" {
		return "", errors.New("the cluster's domain is empty; give the one that kubelets are told of as clusterDomain, cluster.local for example")
	}
	if err := check("a.b.svc." + domain); err != nil {
		return "", fmt.Errorf("the cluster's domain %q can't be one: %w", text, err)
	}
	return Domain(domain), nil
}

// check tells whether a name in lower case can stand in DNS.
func check(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("%d characters are more than the %d that DNS allows a name", len(name), maxName)
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) > maxLabel {
			return fmt.Errorf("%q has %d characters, and DNS allows %d between two dots", label, len(label), maxLabel)
		}
		if len(validation.IsDNS1123Label(label)) > 0 {
			return fmt.Errorf("%q isn't made of letters, digits and hyphens with no hyphen at either end", label)
		}
	}
	return nil
}
