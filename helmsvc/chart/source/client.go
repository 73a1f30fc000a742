package source

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/retry"
)

const userAgent = "cf-helm-broker"

// client returns an HTTP client that tries again what a registry was too busy
// for. The request's context ends it.
func (s Source) client() (*http.Client, error) {
	roots, err := s.roots()
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	reach := s.reach()
	return &http.Client{
		CheckRedirect: checkRedirect,
		Transport: retry.NewTransport(&http.Transport{
			Proxy:       reach.proxy,
			DialContext: reach.dial,
			// The body is bounded where it is read.
			MaxResponseHeaderBytes: 1 << 20,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			// Some servers label an archive as compressed content; it must
			// arrive as it is stored.
			DisableCompression: true,
			// The client serves one source: its connections needn't linger.
			IdleConnTimeout: time.Second,
		}),
	}, nil
}

// roots is nil, which means the system's, if there is no ca_file. With one the
// system's stay, since a registry may redirect to a public store.
func (s Source) roots() (*x509.CertPool, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no PEM certificate", s.CAFile)
	}
	return pool, nil
}

func (s Source) password() (string, error) {
	if s.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("password_file: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", fmt.Errorf("password_file: %s is empty", s.PasswordFile)
	}
	return password, nil
}

// checkRedirect keeps the password from hosts and ports that it isn't for;
// net/http looks at the domain only.
func checkRedirect(next *http.Request, before []*http.Request) error {
	if len(before) >= 10 {
		return errors.New("the server redirects without end")
	}
	if !sameOrigin(next.URL, before[0].URL) {
		next.Header.Del("Authorization")
	}
	return nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && a.Host == b.Host
}

// indexLimit is how long a repository's index may be, in bytes. That of a big
// one has some 20 MB.
const indexLimit = 32 << 20

// copyWithin copies what is no longer than limit.
func copyWithin(limit int64, into io.Writer, from io.Reader) error {
	n, err := io.Copy(into, io.LimitReader(from, limit+1))
	if err == nil && n > limit {
		err = tooBig(limit)
	}
	return err
}

func tooBig(limit int64) error {
	return fmt.Errorf("what the server offers is bigger than %d MiB, which is more than a chart should be; it isn't fetched", limit>>20)
}
