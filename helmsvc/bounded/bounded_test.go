package bounded

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

type answering int

func (n answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(strings.Repeat(" ", int(n))))}, nil
}

// TestListsAreBounded: lists of a namespace's objects are, and nothing else.
func TestListsAreBounded(t *testing.T) {
	for path, most := range map[string]int{
		"/api/v1/namespaces/n/secrets":                                       longestSecrets,
		"/api/v1/namespaces/n/secrets?fieldSelector=type%3DOpaque":           longestSecrets,
		"/api/v1/namespaces/n/secrets?labelSelector=name%3Dr%2Cowner%3Dhelm": longestPacked,
		"/api/v1/namespaces/n/pods?limit=500":                                longestList,
		"/api/v1/namespaces/n/events":                                        longestList,
		"/apis/networking.k8s.io/v1/namespaces/n/ingresses":                  longestList,
		"/prefix/apis/networking.k8s.io/v1/namespaces/n/ingresses":           longestList,
		"/api/v1/namespaces/n/pods?watch=true":                               longestList,
		"/api/v1/namespaces/n/secrets/one":                                   0,
		"/api/v1/pods":                                                       0,
		"/api/v1/namespaces":                                                 0,
		"/api/v1/namespaces/n":                                               0,
		"/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=1000":         0,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://cluster"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, length := range []int{0, most, most + 1, 3 * longestList} {
			response, err := boundedTransport{answering(length)}.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			var beyond *TooMuchError
			if tooLong := most > 0 && length > most; errors.As(err, &beyond) != tooLong || len(text) > length || !tooLong && len(text) != length {
				t.Errorf("%s of %d bytes: %d bytes and %v", path, length, len(text), err)
			}
		}
	}
}
