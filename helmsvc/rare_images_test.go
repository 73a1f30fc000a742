package helmsvc_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// sentPods records the pods that are sent to be made.
type sentPods struct {
	http.RoundTripper
	bodies chan string
}

func (s sentPods) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodPost || !strings.HasSuffix(request.URL.Path, "/pods") {
		return s.RoundTripper.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	s.bodies <- string(body)
	request = request.Clone(request.Context())
	request.Body = io.NopCloser(bytes.NewReader(body))
	return s.RoundTripper.RoundTrip(request)
}

// TestRegistryRareImages looks at what the API server is sent: whether it
// takes images in these places depends on its version.
func TestRegistryRareImages(t *testing.T) {
	p := newPlace(t)
	bodies := make(chan string, 1)
	config := local.RESTConfig()
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return sentPods{RoundTripper: next, bodies: bodies}
	})
	var err error
	if p.Cluster, err = helmsvc.NewCluster(config, helmsvc.Config{Tenants: tenant.Config{Registry: login}}); err != nil {
		t.Fatal(err)
	}
	c := chartOf("rare", map[string]string{"pod.yaml": object("v1", "Pod", "rare", "{containers: ["+containers("a/pod:1")+
		"], volumes: [{name: v, image: {reference: a/volume:1}}], ephemeralContainers: [{name: e, image: a/ephemeral:1}]}")})
	if err := p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil); err == nil || !strings.Contains(err.Error(), "ephemeral") {
		t.Errorf("ephemeral containers, which may only be added to a running pod: %v", err)
	}
	body := <-bodies
	for _, name := range []string{"pod:1", "volume:1", "ephemeral:1"} {
		if !strings.Contains(body, `"`+registry+"/"+name+`"`) {
			t.Errorf("%s isn't taken from the registry: %s", name, body)
		}
	}
}
