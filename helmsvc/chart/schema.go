package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	helmchart "helm.sh/helm/v3/pkg/chart"
)

// Schemas are a plan's own JSON schemas, each nil if it has none.
type Schemas struct {
	Create, Update, Bind *Schema
}

// Schema is a JSON schema for a user's parameters.
type Schema struct {
	// Document is the schema as the catalog shows it; nil if platforms wouldn't
	// take it.
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
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it isn't valid JSON: %w", err)
	}
	object, ok := document.(map[string]any)
	if !ok {
		return nil, errors.New("a schema for parameters must be a JSON object")
	}
	compiled, err := compile(object, jsonschema.Draft2020)
	if err != nil {
		return nil, fmt.Errorf("it isn't a JSON schema: %w", err)
	}
	return &Schema{compiled: compiled, Document: forPlatforms(object)}, nil
}

// compile wants a schema of its own draft or, if it names none, of the one
// given.
func compile(document map[string]any, draft *jsonschema.Draft) (*jsonschema.Schema, error) {
	const name = "mem:///schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(draft)
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	if err := compiler.AddResource(name, document); err != nil {
		return nil, err
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return nil, errors.New(oneLine(err, name))
	}
	return compiled, nil
}

// longestSchema is the most, in bytes, that OSBAPI allows a schema in the
// catalog ("Schemas Object").
const longestSchema = 64 << 10

// forPlatforms returns the schema as platforms take it, or nil. They have to
// take draft 4 only, and Cloud Foundry refuses the whole catalog for a schema
// that isn't of that draft, whatever it says it is, or, in some versions, that
// doesn't say that parameters are an object (cloud_controller_ng,
// lib/services/service_brokers/v2/schema.rb). What a later draft has added is
// ignored there, so that such a schema only allows more: the broker holds
// parameters against the real one.
func forPlatforms(document map[string]any) map[string]any {
	labelled := maps.Clone(document)
	maps.Copy(labelled, AnyParameters())
	text, err := json.Marshal(labelled)
	if err != nil || len(text) > longestSchema || bytes.Contains(text, []byte(`\u0000`)) {
		return nil
	}
	if _, err := compile(labelled, jsonschema.Draft4); err != nil {
		return nil
	}
	return labelled
}

// AnyParameters is a schema that allows all parameters.
func AnyParameters() map[string]any {
	return map[string]any{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"}
}

// NoParameters is a schema that allows none.
func NoParameters() map[string]any {
	none := AnyParameters()
	none["additionalProperties"] = false
	return none
}

// validate holds decoded parameters against the schema. The error names the
// field and quotes no value.
func (s *Schema) validate(parameters map[string]any) error {
	if s == nil {
		return nil
	}
	if err := s.compiled.Validate(parameters); err != nil {
		return refusal(err)
	}
	return nil
}

// oneLine is what is wrong with a schema, without the first line, which names
// it, and without its made-up name.
func oneLine(err error, name string) string {
	_, text, found := strings.Cut(err.Error(), "\n")
	if !found {
		text = err.Error()
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(text, name, "")), " ")
}

// Schema is the chart's values.schema.json as the catalog shows it: what an
// instance's values have to look like. nil if it has none, or one that
// platforms wouldn't take.
func (s Service) Schema() map[string]any { return s.schema }

// HasSchema tells whether the chart has a values.schema.json.
func (s Service) HasSchema() bool { return len(s.chart.Schema) > 0 }

// readSchema finds a values.schema.json that isn't a schema.
func (s *Service) readSchema() error {
	if !s.HasSchema() {
		return nil
	}
	schema, err := parseSchema(s.chart.Schema)
	if err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	s.schema = schema.Document
	return nil
}

// refersAbroad tells whether a schema can't be read because it refers to one
// that isn't in it.
func refersAbroad(err error) bool { return strings.Contains(err.Error(), "failing loading") }

// Validate holds an instance's values against the schemas of the chart and of
// the subcharts that the values enable, as Helm will, before anything is made.
// The error names the field and quotes no value.
func (r Rendered) Validate() error {
	c, whole, err := computed(r.Chart, r.Values)
	if err != nil {
		return err
	}
	return validateTree(c, whole)
}

func validateTree(c *helmchart.Chart, values map[string]any) error {
	if len(c.Schema) > 0 {
		schema, err := parseSchema(c.Schema)
		if err != nil {
			return fmt.Errorf("values.schema.json: %w", err)
		}
		if err := schema.validate(values); err != nil {
			return err
		}
	}
	for _, sub := range c.Dependencies() {
		below, ok := values[sub.Name()].(map[string]any)
		if !ok {
			continue
		}
		if err := validateTree(sub, below); err != nil {
			var refused *RefusedError
			if errors.As(err, &refused) {
				below := *refused
				below.in = fmt.Sprintf("in the subchart %s: %s", sub.Name(), refused.in)
				return &below
			}
			return fmt.Errorf("in the subchart %s: %w", sub.Name(), err)
		}
	}
	return nil
}
