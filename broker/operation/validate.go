package operation

import (
	"encoding/json"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// InvalidError says why parameters are refused. Its text names the field and
// quotes no value.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return e.Reason }

// checkCreate checks parameters before anything is made for them.
func checkCreate(service chart.Service, plan chart.Plan, target helmsvc.Target, parameters json.RawMessage) error {
	if err := plan.CheckCreate(parameters); err != nil {
		return invalid("", err, parameters)
	}
	return checkValues(service, plan, target, parameters)
}

// checkValues holds the values that an instance would get against the schema
// of the chart.
func checkValues(service chart.Service, plan chart.Plan, target helmsvc.Target, parameters json.RawMessage) error {
	what, err := service.Render(plan, target.Release, target.Namespace, parameters)
	if err != nil {
		return err
	}
	if err := what.Validate(); err != nil {
		return &InvalidError{Reason: "the parameters are refused by the chart: " + strings.Join(strings.Fields(redact(err, what.Values).Error()), " ")}
	}
	return nil
}

// invalid makes an InvalidError of what a schema says of parameters.
func invalid(prefix string, err error, parameters json.RawMessage) error {
	values, decodeErr := chart.DecodeParameters(parameters)
	if decodeErr != nil {
		return &InvalidError{Reason: decodeErr.Error()}
	}
	return &InvalidError{Reason: prefix + redact(err, values).Error()}
}
