package source

import "strings"

// Source is one entry of the list. Exactly one of Path, OCI and Repository is
// set. Its files are resolved: relative ones lie beside the list.
type Source struct {
	// Path is a chart's folder, an archive, or a folder of both.
	Path string `yaml:"path"`
	// OCI is a chart in a registry, such as oci://registry.example.com/charts/redis.
	OCI string `yaml:"oci"`
	// Repository is a Helm chart repository; Chart is looked up in its index.yaml.
	Repository string `yaml:"repository"`
	Chart      string `yaml:"chart"`
	// Version is exact.
	Version string `yaml:"version"`
	// Digest, "sha256:…", is the chart archive's; "" accepts any.
	Digest string `yaml:"digest"`
	// Username and the password in PasswordFile go to the host of OCI or
	// Repository only.
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	// CAFile holds PEM certificates that are trusted besides the system's.
	CAFile string `yaml:"ca_file"`
	// PlainHTTP talks to the registry without TLS.
	PlainHTTP bool `yaml:"plain_http"`
	// Beside is a folder with plans.yaml, plans/ and bind.yaml for a chart
	// that has none of its own.
	Beside string `yaml:"beside"`
	// Values is a file of values for the chart, where it is an operator's.
	Values string `yaml:"values"`
}

// String is what people call the source.
func (s Source) String() string {
	switch s.kind() {
	case ociKind:
		return s.OCI + ":" + s.Version
	case repositoryKind:
		return strings.Join([]string{s.Repository, s.Chart, s.Version}, " ")
	}
	return s.Path
}

// The kinds are called as their keys.
const (
	pathKind       = "path"
	ociKind        = "oci"
	repositoryKind = "repository"
)

func (s Source) kind() string {
	switch {
	case s.OCI != "":
		return ociKind
	case s.Repository != "":
		return repositoryKind
	}
	return pathKind
}
