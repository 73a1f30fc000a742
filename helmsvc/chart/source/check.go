package source

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/registry"
	orasregistry "oras.land/oras-go/v2/registry"
)

var (
	digestForm    = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	chartNameForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// check names every mistake of one entry.
func (s Source) check() error {
	var given []string
	for _, k := range []struct{ key, value string }{{pathKind, s.Path}, {ociKind, s.OCI}, {repositoryKind, s.Repository}} {
		if k.value != "" {
			given = append(given, k.key)
		}
	}
	switch len(given) {
	case 0:
		return errors.New("give one of path, oci and repository")
	case 1:
	default:
		return fmt.Errorf("%s: give one of them only; make an entry for each", strings.Join(given, " and "))
	}
	return errors.Join(s.checkPlaces(), s.checkAddress(), s.checkVersion(), s.checkDigest(), s.checkLogin())
}

// checkPlaces refuses keys that mean nothing for this kind of source.
func (s Source) checkPlaces() error {
	remote := []string{ociKind, repositoryKind}
	var mistakes []error
	for _, k := range []struct {
		key    string
		given  bool
		kinds  []string
		advice string
	}{
		{"chart", s.Chart != "", []string{repositoryKind}, "remove it: path and oci name the chart themselves"},
		{"version", s.Version != "", remote, "remove it: path holds the version that is there"},
		{"username", s.Username != "", remote, "remove it"},
		{"password_file", s.PasswordFile != "", remote, "remove it"},
		{"ca_file", s.CAFile != "", remote, "remove it"},
		{"plain_http", s.PlainHTTP, []string{ociKind}, "remove it: a repository without TLS is one whose address begins with http://"},
	} {
		if k.given && !slices.Contains(k.kinds, s.kind()) {
			mistakes = append(mistakes, fmt.Errorf("%s is for %s only; %s", k.key, strings.Join(k.kinds, " and "), k.advice))
		}
	}
	return errors.Join(mistakes...)
}

func (s Source) checkAddress() error {
	switch s.kind() {
	case ociKind:
		return checkOCI(s.OCI)
	case repositoryKind:
		return errors.Join(checkRepository(s.Repository), checkChart(s.Chart))
	}
	return nil
}

func checkOCI(address string) error {
	rest, ok := strings.CutPrefix(address, registry.OCIScheme+"://")
	// What stands before an @ may be a password: it isn't repeated.
	if strings.Contains(rest, "@") {
		return errors.New("oci: the address must have no @; a user name goes to username, a digest to digest")
	}
	reference, err := orasregistry.ParseReference(rest)
	if !ok || err != nil {
		return fmt.Errorf("oci: %q isn't an address such as oci://registry.example.com/charts/redis", address)
	}
	if reference.Reference != "" {
		return fmt.Errorf("oci: %q ends with a tag; remove it and give it as version", address)
	}
	return nil
}

func checkRepository(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("repository: an address such as https://charts.example.com is expected; a chart in a registry is given as oci")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("repository: the address must have no user name, ? or #; give username and password_file")
	}
	return nil
}

func checkChart(name string) error {
	if !chartNameForm.MatchString(name) {
		return fmt.Errorf("chart: %q isn't a chart's name; give the name that the repository's index.yaml has", name)
	}
	return nil
}

func (s Source) checkVersion() error {
	if s.kind() == pathKind {
		return nil
	}
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(s.Version, "v")); err != nil {
		return fmt.Errorf("version: %q isn't an exact version; give all of it, such as 1.2.3 (no range)", s.Version)
	}
	return nil
}

func (s Source) checkDigest() error {
	switch {
	case s.Digest == "":
		return nil
	case !digestForm.MatchString(s.Digest):
		return fmt.Errorf("digest: %q isn't sha256: and 64 hexadecimal digits; `sha256sum` of the chart archive prints them", s.Digest)
	case s.kind() == pathKind && !archiveName(s.Path):
		return errors.New("digest is for one chart archive only (.tgz); name the archive as path, or remove the digest")
	}
	return nil
}

func (s Source) checkLogin() error {
	switch {
	case s.Username != "" && s.PasswordFile == "":
		return errors.New("username needs a password_file")
	case s.Username == "" && s.PasswordFile != "":
		return errors.New("password_file needs a username")
	case strings.Contains(s.Username, ":"):
		return errors.New("username: it must have no colon, since basic authentication ends the name there")
	}
	return nil
}
