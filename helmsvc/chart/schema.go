package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chartutil"
)

// Schemas are a plan's own JSON schemas, each nil if it has none.
type Schemas struct {
	Create, Update, Bind *Schema
}

// Schema is a JSON schema for a user's parameters.
type Schema struct {
	// Document is the schema as the catalog shows it.
	Document map[string]any
	compiled *jsonschema.Schema
}

func loadSchemas(files *contents, e planEntry) (Schemas, error) {
	var schemas Schemas
	for _, s := range []struct {
		key, file string
		schema    **Schema
	}{
		{"create", e.Schemas.Create, &schemas.Create},
		{"update", e.Schemas.Update, &schemas.Update},
		{"bind", e.Schemas.Bind, &schemas.Bind},
	} {
		if s.file == "" {
			continue
		}
		text, err := readPlanFile(files, "the schema for "+s.key, s.file)
		if err != nil {
			return Schemas{}, err
		}
		if *s.schema, err = parseSchema(text); err != nil {
			return Schemas{}, fmt.Errorf("plans/%s: %w", s.file, err)
		}
	}
	return schemas, nil
}

// parseSchema reads a schema. It may refer to nothing outside itself.
func parseSchema(text []byte) (*Schema, error) {
	const name = "mem:///schema.json"
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it isn't valid JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	if err := compiler.AddResource(name, document); err != nil {
		return nil, fmt.Errorf("it isn't a JSON schema: %w", err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("it isn't a JSON schema: %w", errors.New(oneLine(err, name)))
	}
	schema := &Schema{compiled: compiled}
	if err := json.Unmarshal(text, &schema.Document); err != nil {
		return nil, errors.New("a schema for parameters must be a JSON object")
	}
	return schema, nil
}

// validate holds decoded parameters against the schema. The error names the
// field, and may quote values.
func (s *Schema) validate(parameters map[string]any) error {
	if s == nil {
		return nil
	}
	if err := s.compiled.Validate(parameters); err != nil {
		return errors.New(oneLine(err, ""))
	}
	return nil
}

// oneLine is a schema library's error without its first line, which names
// the schema, and without the schema's made-up name.
func oneLine(err error, name string) string {
	_, text, found := strings.Cut(err.Error(), "\n")
	if !found {
		text = err.Error()
	}
	if name != "" {
		text = strings.ReplaceAll(text, name, "")
	}
	return strings.Join(strings.Fields(text), " ")
}

// Schema is the chart's values.schema.json, nil if it has none: what an
// instance's values have to look like.
func (s Service) Schema() map[string]any {
	var schema map[string]any
	if err := json.Unmarshal(s.chart.Schema, &schema); err != nil {
		return nil // absent; a broken one is a Problem
	}
	return schema
}

// checkSchema finds a values.schema.json that isn't a schema. One that refers
// to others elsewhere is left to Helm, which fetches them.
func (s Service) checkSchema() error {
	if len(s.chart.Schema) == 0 {
		return nil
	}
	_, err := parseSchema(s.chart.Schema)
	if err != nil && !strings.Contains(err.Error(), "failing loading") {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	return nil
}

// Validate holds an instance's values against the schemas of the chart and of
// the subcharts that the values enable, as Helm will, before anything is made.
// The error names the field, and may quote values.
func (r Rendered) Validate() error {
	c, values := copyChart(r.Chart), copyValues(r.Values)
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return err
	}
	whole, err := chartutil.CoalesceValues(c, values)
	if err != nil {
		return err
	}
	return chartutil.ValidateAgainstSchema(c, whole)
}
