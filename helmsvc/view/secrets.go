package view

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// Secret is a Secret, decoded.
type Secret struct {
	Name   string            `json:"name"`
	Type   corev1.SecretType `json:"type"`
	Labels map[string]string `json:"labels"`
	// Data are the values: text as it is. JSON can't hold what isn't UTF-8, so
	// such a value is in base64.
	Data map[string]string `json:"data"`
	// Binary are the keys of those in base64, sorted.
	Binary []string `json:"binary"`
}

// RawSecret is a Secret as Kubernetes has it: each value in base64.
type RawSecret struct {
	Name   string            `json:"name"`
	Type   corev1.SecretType `json:"type"`
	Labels map[string]string `json:"labels"`
	Data   map[string][]byte `json:"data"`
}

// withheld are the types of Secrets that no binding sees: what they hold opens
// the cluster or a registry, or is Helm's own.
var withheld = []corev1.SecretType{
	"helm.sh/release.v1",
	corev1.SecretTypeServiceAccountToken,
	corev1.SecretTypeDockercfg,
	corev1.SecretTypeDockerConfigJson,
	corev1.SecretTypeBootstrapToken,
}

// public are the values of a TLS Secret that clients need. All others may hold
// its private key, in one form or another: cert-manager adds key stores.
var public = []string{corev1.TLSCertKey, corev1.ServiceAccountRootCAKey}

// handedOut selects the Secrets that a binding sees, as the API server does.
func handedOut() string {
	var selectors []fields.Selector
	for _, kind := range withheld {
		selectors = append(selectors, fields.OneTermNotEqualSelector("type", string(kind)))
	}
	return fields.AndSelectors(selectors...).String()
}

// visible are the Secrets that a binding sees and what it sees of them: the
// Opaque ones before all others, each in the API's order, since templates that
// were written for Kibosh, which knew no others, index them.
func visible(secrets []corev1.Secret) []RawSecret {
	seen := []RawSecret{}
	for _, s := range secrets {
		kind := cmp.Or(s.Type, corev1.SecretTypeOpaque)
		if slices.Contains(withheld, kind) {
			continue
		}
		raw := RawSecret{Name: s.Name, Type: kind, Labels: map[string]string{}, Data: map[string][]byte{}}
		for key, value := range s.Labels {
			raw.Labels[key] = value
		}
		for key, value := range s.Data {
			if kind != corev1.SecretTypeTLS || slices.Contains(public, key) {
				raw.Data[key] = value
			}
		}
		seen = append(seen, raw)
	}
	last := func(s RawSecret) int {
		if s.Type == corev1.SecretTypeOpaque {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(seen, func(a, b RawSecret) int { return cmp.Compare(last(a), last(b)) })
	return seen
}

// decoded turns a Secret's values into text where they are text.
func (s RawSecret) decoded() Secret {
	d := Secret{Name: s.Name, Type: s.Type, Labels: s.Labels, Data: map[string]string{}, Binary: []string{}}
	for key, value := range s.Data {
		if utf8.Valid(value) {
			d.Data[key] = string(value)
			continue
		}
		d.Data[key] = base64.StdEncoding.EncodeToString(value)
		d.Binary = append(d.Binary, key)
	}
	slices.SortFunc(d.Binary, strings.Compare)
	return d
}
