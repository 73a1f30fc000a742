package release

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// emptyTransport answers for a namespace that was made just now: what Helm looks
// for there by its name, before it makes anything, isn't there. It looks for each
// object of a chart, one after the other. If one is there after all, a controller of the
// cluster's has made it meanwhile, and the API server refuses to make it again.
type emptyTransport struct {
	next    http.RoundTripper
	objects *regexp.Regexp // paths of objects in the namespace
	written *atomic.Bool   // something was made
}

// empty returns a wrapper for the transport of Helm's own requests.
func empty(namespace string) func(http.RoundTripper) http.RoundTripper {
	objects := regexp.MustCompile(`/namespaces/` + regexp.QuoteMeta(namespace) + `/([^/]+)/([^/]+)$`)
	written := new(atomic.Bool)
	return func(next http.RoundTripper) http.RoundTripper {
		return emptyTransport{next: next, objects: objects, written: written}
	}
}

// RoundTrip asks the API server whatever else Helm wants to know.
func (t emptyTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if writesObject(request.Method) {
		t.written.Store(true)
	}
	object := t.objects.FindStringSubmatch(request.URL.Path)
	if request.Method != http.MethodGet || object == nil || t.written.Load() {
		return t.next.RoundTrip(request)
	}
	return notFound(request, object[1], object[2])
}

// notFound is what the API server answers for what isn't there.
func notFound(request *http.Request, resource, name string) (*http.Response, error) {
	status := apierrors.NewNotFound(schema.GroupResource{Resource: resource}, name).Status()
	status.Kind, status.APIVersion = "Status", "v1"
	text, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "404 Not Found", StatusCode: http.StatusNotFound,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(text)), Body: io.NopCloser(bytes.NewReader(text)),
	}, nil
}
