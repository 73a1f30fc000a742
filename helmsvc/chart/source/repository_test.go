package source_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

func TestRepository(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	text := archive(t, "1.2.3", "")
	elsewhere := serve(t, newRepository(text))
	for name, url := range map[string]string{"relative": "files/redis-1.2.3.tgz", "from the root": "/redis.tgz", "absolute": elsewhere.URL + "/redis.tgz"} {
		t.Run(name, func(t *testing.T) {
			server, ca := serveTLS(t, basic(newRepository(text, entry{"redis", "1.2.3", url})))
			s := source.Source{Repository: server.URL + "/charts", Chart: "redis", Version: "1.2.3", Digest: digest(text),
				Username: username, PasswordFile: file(t, password+"\n"), CAFile: ca, Beside: t.TempDir()}
			found := fetch(t, t.TempDir(), s)
			wantArchive(t, found, text)
			if found.From != s.Repository+" redis 1.2.3" || found.Beside != s.Beside {
				t.Errorf("found %+v", found)
			}
			s.CAFile = ""
			wantError(t, fetch(t, t.TempDir(), s), "certificate", "name that as ca_file")
			s.CAFile, s.PasswordFile = ca, file(t, "wrong")
			wantError(t, fetch(t, t.TempDir(), s), "answered 401 Unauthorized", "check username and password_file")
		})
	}
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("the home folder holds %v, %v", left, err)
	}
}

func TestRepositoryRefusals(t *testing.T) {
	text := archive(t, "1.2.3", "")
	repository := newRepository(text, entry{"redis", "1.2.3", "redis.tgz"}, entry{"moved", "1.2.3", "oci://r.example.com/charts/moved:1.2.3"},
		entry{"gone", "1.2.3", "gone.zip"}, entry{"build", "1.2.3+build", "redis.tgz"})
	login := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>log in: here</html>") })
	for name, c := range map[string]struct {
		handler        http.Handler
		chart, version string
		digest         string
		words          []string
	}{
		"no such version": {repository, "redis", "9.9.9", "", []string{`chart "redis" has no version 9.9.9; the newest are 1.2.3`}},
		"another build":   {repository, "build", "1.2.3", "", []string{"the newest are 1.2.3+build"}},
		"no such chart":   {repository, "mysql", "1.2.3", "", []string{`no chart "mysql"`}},
		"another digest":  {repository, "redis", "1.2.3", someDigest, []string{digest(text), "but the list asks for " + someDigest}},
		"in a registry":   {repository, "moved", "1.2.3", "", []string{"oci instead of repository", "oci://r.example.com/charts/moved"}},
		"no archive":      {repository, "gone", "1.2.3", "", []string{"answered 404 Not Found"}},
		"no index":        {http.NotFoundHandler(), "redis", "1.2.3", "", []string{"index.yaml", "answered 404 Not Found"}},
		"login page":      {login, "redis", "1.2.3", "", []string{"what the server sent isn't a repository's index"}},
		"archive is a page": {newRepository([]byte("<html>"), entry{"redis", "1.2.3", "redis.tgz"}), "redis", "1.2.3", "",
			[]string{"what the server sent isn't a chart archive"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := source.Source{Repository: serve(t, c.handler).URL + "/charts", Chart: c.chart, Version: c.version, Digest: c.digest}
			wantError(t, fetch(t, t.TempDir(), s), c.words...)
		})
	}
}

// witness remembers whether somebody sent it credentials.
func witness(told *atomic.Bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			told.Store(true)
		}
		next.ServeHTTP(w, r)
	})
}

// TestPasswordStaysHome serves the archive on another port of the same host,
// named by the index or by a redirect.
func TestPasswordStaysHome(t *testing.T) {
	text := archive(t, "1.2.3", "")
	for name, c := range map[string]struct{ path, query string }{"named by the index": {query: "?signature=hush"}, "redirected to": {path: "/moved.tgz", query: "?signature=hush"}} {
		t.Run(name, func(t *testing.T) {
			var told atomic.Bool
			var refuse atomic.Bool
			elsewhere := serve(t, witness(&told, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if refuse.Load() {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				_, _ = w.Write(text)
			})))
			url := elsewhere.URL + "/redis.tgz" + c.query
			if c.path != "" {
				url = c.path
			}
			index := newRepository(text, entry{"redis", "1.2.3", url})
			server := serve(t, basic(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == c.path {
					http.Redirect(w, r, elsewhere.URL+"/redis.tgz"+c.query, http.StatusFound)
					return
				}
				index.ServeHTTP(w, r)
			})))
			s := source.Source{Repository: server.URL + "/charts", Chart: "redis", Version: "1.2.3", Username: username, PasswordFile: file(t, password)}
			wantArchive(t, fetch(t, t.TempDir(), s), text)
			refuse.Store(true)
			refused := fetch(t, t.TempDir(), s)
			wantError(t, refused, "answered 403 Forbidden", strings.TrimPrefix(elsewhere.URL, "http://"))
			elsewhere.Close()
			down := fetch(t, t.TempDir(), s)
			wantError(t, down, "asking "+strings.TrimPrefix(elsewhere.URL, "http://"), "connection refused")
			if strings.Contains(refused.Err.Error()+down.Err.Error(), "hush") {
				t.Errorf("the errors tell a signed address: %q, %q", refused.Err, down.Err)
			}
			if told.Load() {
				t.Error("the password was sent to another host")
			}
		})
	}
}

// TestRegistryPasswordStaysHome redirects the archive to another host, as
// registries that keep theirs in an object store do.
func TestRegistryPasswordStaysHome(t *testing.T) {
	text := archive(t, "1.2.3", "")
	registry := newRegistry()
	var told atomic.Bool
	elsewhere := serve(t, witness(&told, registry))
	var redirected atomic.Bool
	server := serve(t, basic(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/blobs/") {
			redirected.Store(true)
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		registry.ServeHTTP(w, r)
	})))
	s := source.Source{OCI: push(t, registry, server.URL, "1.2.3", text), Version: "1.2.3", PlainHTTP: true,
		Username: username, PasswordFile: file(t, password)}
	wantArchive(t, fetch(t, t.TempDir(), s), text)
	if !redirected.Load() || told.Load() {
		t.Errorf("redirected: %t, the password was sent to another host: %t", redirected.Load(), told.Load())
	}
}

func TestEndlessRedirect(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }))
	wantError(t, fetch(t, t.TempDir(), source.Source{Repository: server.URL, Chart: "redis", Version: "1.2.3"}), "redirects without end")
}
