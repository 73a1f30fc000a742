package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// OwnValuesError says that a chart refuses values which are the chart's own or
// its plan's: no user can put that right.
type OwnValuesError struct{ Reason string }

func (e *OwnValuesError) Error() string { return e.Reason }

// CheckValues holds the values that an instance would get against the schemas
// of the chart. The error is a RefusedError where the parameters are to blame,
// an OwnValuesError where the values are refused without them too. It quotes no
// value.
func (s Service) CheckValues(ctx context.Context, p Plan, release, namespace string, parameters json.RawMessage) error {
	with := s.refused(ctx, p, release, namespace, parameters)
	var refused, own *RefusedError
	if !errors.As(with, &refused) {
		return with
	}
	if !errors.As(s.refused(ctx, p, release, namespace, nil), &own) {
		return refused
	}
	if users := refused.without(own); users != nil {
		return users
	}
	return &OwnValuesError{Reason: fmt.Sprintf("the chart's values.schema.json refuses the chart's own values or those of the plan %s, whatever the parameters are: %s; "+
		"the operator has to mend the chart or the plan", p.Name, refused)}
}

func (s Service) refused(ctx context.Context, p Plan, release, namespace string, parameters json.RawMessage) error {
	what, err := s.Render(ctx, p, release, namespace, parameters)
	if err != nil {
		return err
	}
	return what.Validate()
}
