// Package bounded keeps what is read of one namespace within bounds, before it is
// decoded: whoever acts as the instance can fill it.
package bounded

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"k8s.io/client-go/rest"
)

// What a list or a watch of one resource of a namespace may take, in bytes as the
// API server sends it. Whoever acts as the instance can fill the namespace, and a
// list in memory is several times what was sent.
const (
	longestList = 8 << 20
	// longestSecrets holds for Secrets, which a view holds in several forms. An app
	// can take far less as credentials.
	longestSecrets = 4 << 20
	// longestPacked holds for a release's records, of which there are as many as
	// its history is long, each of 1 MiB at most, sent in base64.
	longestPacked = 12 << 20
)

// TooMuchError says that a namespace holds more of a resource than is read.
type TooMuchError struct {
	Namespace, Resource string
	// Most is how many bytes may be read.
	Most int
}

func (e *TooMuchError) Error() string {
	return fmt.Sprintf("the service instance's namespace %s holds more than %d MB of %s, which is more than the broker reads; "+
		"delete what isn't needed there, or have the operator do so, or have the chart make less", e.Namespace, e.Most>>20, e.Resource)
}

// Reads returns a copy of the configuration with which no list or watch of a
// namespace's objects is read beyond a bound: a list fails with a TooMuchError. A
// watch, which may begin with a list, breaks off, as watches do; an informer then
// lists.
func Reads(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return boundedTransport{next} })
	return config
}

type boundedTransport struct{ next http.RoundTripper }

func (t boundedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if namespace, resource, is := listOf(request); is && response.StatusCode == http.StatusOK {
		most := mostOf(resource, request.URL.Query().Get("labelSelector"))
		response.Body = &boundedBody{ReadCloser: response.Body, left: most, beyond: &TooMuchError{Namespace: namespace, Resource: resource, Most: most}}
	}
	return response, nil
}

func mostOf(resource, labels string) int {
	switch {
	case resource == "secrets" && strings.Contains(labels, "owner=helm"):
		return longestPacked
	case resource == "secrets":
		return longestSecrets
	}
	return longestList
}

// listOf tells whether the request lists or watches objects of a namespace. Its path is
// then /api/v1 or /apis/GROUP/VERSION, and /namespaces/NAMESPACE/RESOURCE.
func listOf(request *http.Request) (namespace, resource string, is bool) {
	if request.Method != http.MethodGet {
		return "", "", false
	}
	_, rest, found := strings.Cut(request.URL.Path, "/namespaces/")
	parts := strings.Split(rest, "/")
	if !found || len(parts) != 2 {
		return "", "", false
	}
	return parts[0], parts[1], true
}

// boundedBody can be read up to a bound.
type boundedBody struct {
	io.ReadCloser
	left   int
	beyond error
}

func (b *boundedBody) Read(into []byte) (int, error) {
	if b.left < 0 {
		return 0, b.beyond
	}
	if len(into) > b.left+1 { // one more tells that there is more
		into = into[:b.left+1]
	}
	n, err := b.ReadCloser.Read(into)
	if b.left -= n; b.left < 0 {
		return 0, b.beyond
	}
	return n, err
}
