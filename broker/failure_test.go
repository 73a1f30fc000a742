package broker

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// TestFinalOrNot: platforms try a 503 again and take a 422 for final. A pod that
// isn't ready may be later; one that nobody asks for won't.
func TestFinalOrNot(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"no pod is ready":  {fmt.Errorf("%w (Deployment db has no pod yet)", view.ErrNoReadyPod), http.StatusServiceUnavailable},
		"many policies":    {fmt.Errorf("binding: %w", &access.PolicyLimitError{Of: "a binding"}), http.StatusUnprocessableEntity},
		"too much":         {fmt.Errorf("binding: %w", &bounded.TooMuchError{Resource: "secrets"}), http.StatusUnprocessableEntity},
		"long credentials": {fmt.Errorf("bind.yaml: %w", &bindtemplate.TooLongError{Bytes: 1 << 20}), http.StatusUnprocessableEntity},
		"no pod will be":   {fmt.Errorf("binding: %w", &manifest.NoPodError{Stopped: []string{"Deployment db"}}), http.StatusUnprocessableEntity},
		"nothing is left":  {tenant.ErrGone, http.StatusUnprocessableEntity},
	} {
		t.Run(name, func(t *testing.T) {
			var answer *apiresponses.FailureResponse
			if err := failure(t.Context(), c.err); !errors.As(err, &answer) || answer.ValidatedStatusCode(nil) != c.want {
				t.Errorf("it is answered %v, want %d", err, c.want)
			}
		})
	}
}
