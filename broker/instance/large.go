package instance

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// explainExceeded adds what may be too large where a chart was too much to
// render: which of the developer's parameters are large, else that it is the
// chart's own doing.
func explainExceeded(err error, parameters json.RawMessage) error {
	var exceeded *render.ExceededError
	if !errors.As(err, &exceeded) {
		return err
	}
	large := chart.LargeParameters(parameters)
	if len(large) == 0 {
		return fmt.Errorf("%w; the chart or its plan asks for too much: tell the operator", err)
	}
	return fmt.Errorf("%w; large among the parameters: %s; give less", err, strings.Join(large, ", "))
}
