package chart_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestWhoseMistake tells a user of the user's mistakes only, and the operator of
// the chart's and the plan's.
func TestWhoseMistake(t *testing.T) {
	const schema = `{"properties": {"size": {"type": "integer"}, "mode": {"enum": ["a", "b"]}}, "required": ["name"]}`
	for name, c := range map[string]struct {
		values, plan, parameters string
		users, own               string // words
	}{
		"all well":             {"name: x", "size: 1", `{"mode":"a"}`, "", ""},
		"the user's":           {"name: x", "size: 1", `{"size":"s3cr3t"}`, "'/size'", ""},
		"the chart's":          {"{name: x, mode: s3cr3t}", "{}", ``, "", "'/mode'"},
		"the plan's":           {"name: x", "size: s3cr3t", `{"mode":"a"}`, "", "'/size'"},
		"both":                 {"name: x", "size: s3cr3t", `{"mode":"s3cr3t"}`, "'/mode'", ""},
		"mended by the user":   {"name: x", "size: s3cr3t", `{"size":1}`, "", ""},
		"the user's to give":   {"{}", "{}", ``, "'name'", ""},
		"the user's own wrong": {"name: x", "size: s3cr3t", `{"size":[]}`, "of type array", ""},
	} {
		service := only(t, "", map[string]string{"values.schema.json": schema, "values.yaml": c.values, "plans/s.yaml": c.plan})
		err := service.CheckValues(t.Context(), service.Plans[0], "r", "n", json.RawMessage(c.parameters))
		var refused *chart.RefusedError
		var own *chart.OwnValuesError
		switch {
		case c.users+c.own == "" && err != nil,
			c.users != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), c.users)),
			c.own != "" && (!errors.As(err, &own) || !strings.Contains(err.Error(), c.own) || !strings.Contains(err.Error(), "operator")),
			err != nil && strings.Contains(err.Error(), "s3cr3t"),
			name == "both" && strings.Contains(err.Error(), "size"):
			t.Errorf("%s: %v", name, err)
		}
	}
}
