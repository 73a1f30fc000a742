package source_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

func TestRegistry(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	text := archive(t, "1.2.3+build", "")
	for name, guard := range map[string]func(http.Handler) http.Handler{
		"open":   func(h http.Handler) http.Handler { return h },
		"basic":  basic,
		"bearer": bearer,
	} {
		t.Run(name, func(t *testing.T) {
			registry := newRegistry()
			server := serve(t, guard(registry))
			s := source.Source{OCI: push(t, registry, server.URL, "1.2.3+build", text), Version: "1.2.3+build",
				Digest: digest(text), PlainHTTP: true, Beside: t.TempDir()}
			if name != "open" {
				wantError(t, fetch(t, t.TempDir(), s), "username and password_file")
				s.Username, s.PasswordFile = username, file(t, "wrong\n")
				wantError(t, fetch(t, t.TempDir(), s), "answered 401 Unauthorized", "check username and password_file")
				s.PasswordFile = file(t, password+"\n")
			}
			found := fetch(t, t.TempDir(), s)
			wantArchive(t, found, text)
			if found.From != s.OCI+":1.2.3+build" || found.Beside != s.Beside {
				t.Errorf("found %+v", found)
			}
		})
	}
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("the home folder holds %v, %v", left, err)
	}
}

func TestRegistryTLS(t *testing.T) {
	text := archive(t, "1.2.3", "")
	registry := newRegistry()
	server, ca := serveTLS(t, basic(registry))
	s := source.Source{OCI: push(t, registry, server.URL, "1.2.3", text), Version: "1.2.3",
		Username: username, PasswordFile: file(t, password)}
	wantError(t, fetch(t, t.TempDir(), s), "certificate", "name that as ca_file")
	s.CAFile = file(t, "no certificate")
	wantError(t, fetch(t, t.TempDir(), s), "ca_file: ", "holds no PEM certificate")
	s.CAFile = filepath.Join(t.TempDir(), "missing")
	wantError(t, fetch(t, t.TempDir(), s), "ca_file: ", "no such file")
	s.CAFile = ca
	wantArchive(t, fetch(t, t.TempDir(), s), text)
	s.PasswordFile = file(t, "\n")
	wantError(t, fetch(t, t.TempDir(), s), "password_file: ", "is empty")
	s.PasswordFile = filepath.Join(t.TempDir(), "missing")
	wantError(t, fetch(t, t.TempDir(), s), "password_file: ", "no such file")
}

func TestRegistryRefusals(t *testing.T) {
	text := archive(t, "1.2.3", "")
	registry := newRegistry()
	server := serve(t, registry)
	good := source.Source{OCI: push(t, registry, server.URL, "1.2.3", text), Version: "1.2.3", PlainHTTP: true}
	for name, c := range map[string]struct {
		change func(*source.Source)
		words  []string
	}{
		"no such version": {func(s *source.Source) { s.Version = "9.9.9" }, []string{":9.9.9: not found", "check the address and the version"}},
		"no such chart":   {func(s *source.Source) { s.OCI += "-other" }, []string{"not found"}},
		"another digest":  {func(s *source.Source) { s.Digest = someDigest }, []string{digest(text), "but the list asks for " + someDigest}},
		"plain HTTP":      {func(s *source.Source) { s.PlainHTTP = false }, []string{"HTTP response to HTTPS client", "plain_http: true"}},
		"no cache folder": {func(*source.Source) {}, []string{"set CHART_CACHE_DIR"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			c.change(&s)
			cache := t.TempDir()
			if name == "no cache folder" {
				cache = ""
			}
			wantError(t, fetch(t, cache, s), c.words...)
		})
	}
}

// TestRegistryIndex finds a chart that is published in one index with images.
func TestRegistryIndex(t *testing.T) {
	text := archive(t, "1.2.3", "")
	registry := newRegistry()
	server := serve(t, registry)
	s := source.Source{OCI: push(t, registry, server.URL, "1.2.3", text), Version: "2.0.0", PlainHTTP: true}
	put := func(tag, mediaType, body string) {
		store(t, http.MethodPut, server.URL+"/v2/charts/redis/manifests/"+tag, mediaType, []byte(body))
	}
	const image, index = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
	const picture = `{"schemaVersion": 2, "mediaType": "` + image + `", "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "` + someDigest + `", "size": 1}, "layers": []}`
	put("picture", image, picture)
	response, err := http.Head(server.URL + "/v2/charts/redis/manifests/1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	child := func(digest string) string {
		return `{"mediaType": "` + image + `", "digest": "` + digest + `", "size": 1}`
	}
	put("2.0.0", index, `{"schemaVersion": 2, "mediaType": "`+index+`", "manifests": [`+
		child(digest([]byte(picture)))+`, `+child(response.Header.Get("Docker-Content-Digest"))+`]}`)
	put("3.0.0", image, picture)
	wantArchive(t, fetch(t, t.TempDir(), s), text)
	s.Version = "3.0.0"
	wantError(t, fetch(t, t.TempDir(), s), "isn't a Helm chart")
}

// TestRegistryDamage refuses an archive that isn't what the manifest says.
func TestRegistryDamage(t *testing.T) {
	text := archive(t, "1.2.3", "")
	registry := newRegistry()
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/blobs/"+digest(text)) {
			_, _ = w.Write(append(bytes.Clone(text[:len(text)-1]), 'x'))
			return
		}
		registry.ServeHTTP(w, r)
	}))
	s := source.Source{OCI: push(t, registry, server.URL, "1.2.3", text), Version: "1.2.3", PlainHTTP: true}
	wantError(t, fetch(t, t.TempDir(), s), "mismatched digest")
}
