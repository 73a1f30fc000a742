package operation

import (
	"encoding/json"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// InvalidError says that the chart's schema refuses an instance's values. Its
// text names the field and quotes no value.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return "the parameters are refused by the chart: " + e.Reason }

// validate checks parameters before anything is made for them.
func validate(service chart.Service, plan chart.Plan, target helmsvc.Target, parameters json.RawMessage) error {
	what, err := service.Render(plan, target.Release, target.Namespace, parameters)
	if err != nil {
		return err
	}
	if err := what.Validate(); err != nil {
		return &InvalidError{Reason: strings.Join(strings.Fields(redact(err, what.Values).Error()), " ")}
	}
	return nil
}
