package release

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// strictTransport has the API server refuse unknown and repeated fields in
// whatever is written. Helm's own validation does that with the cluster's
// OpenAPI schemas, which it fetches and parses anew for each install: most of
// the time that one takes.
type strictTransport struct{ next http.RoundTripper }

func strict(next http.RoundTripper) http.RoundTripper { return strictTransport{next} }

// RoundTrip adds the query parameter that clients of kubectl's age send.
func (t strictTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	query := request.URL.Query()
	if !writesObject(request.Method) || query.Has("fieldValidation") {
		return t.next.RoundTrip(request)
	}
	query.Set("fieldValidation", metav1.FieldValidationStrict)
	request = request.Clone(request.Context())
	request.URL.RawQuery = query.Encode()
	return t.next.RoundTrip(request)
}

func writesObject(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}
