package chart

import (
	"encoding/json"
	"fmt"
	"strings"
)

// CheckCreate holds the parameters of a create against what the plan lets a
// user set, and against its schema. The error names the field and quotes no
// value.
func (p Plan) CheckCreate(parameters json.RawMessage) error {
	return p.checkParameters(parameters, p.Schemas.Create)
}

// CheckUpdate is CheckCreate for the parameters of an update alone, without
// those so far.
func (p Plan) CheckUpdate(parameters json.RawMessage) error {
	return p.checkParameters(parameters, p.Schemas.Update)
}

// CheckBind holds the parameters of a binding against the plan's schema. The
// error names the field and quotes no value.
func (p Plan) CheckBind(parameters json.RawMessage) error {
	decoded, err := DecodeParameters(parameters)
	if err != nil {
		return err
	}
	return p.Schemas.Bind.validate(decoded)
}

func (p Plan) checkParameters(parameters json.RawMessage, schema *Schema) error {
	decoded, err := DecodeParameters(parameters)
	if err != nil {
		return err
	}
	if err := p.checkAllowed(decoded); err != nil {
		return err
	}
	return schema.validate(decoded)
}

// CheckAllowed holds parameters against what the plan lets a user set, without
// its schema.
func (p Plan) CheckAllowed(parameters json.RawMessage) error {
	decoded, err := DecodeParameters(parameters)
	if err != nil {
		return err
	}
	return p.checkAllowed(decoded)
}

func (p Plan) checkAllowed(parameters map[string]any) error {
	if p.AllowedParameters == nil {
		return nil
	}
	refused := p.notAllowed("", parameters)
	switch {
	case refused != "" && len(p.AllowedParameters) == 0:
		return fmt.Errorf("the plan %s takes no parameters, leave out %q", p.Name, refused)
	case refused != "":
		return fmt.Errorf("the plan %s doesn't let you set %q; it lets you set: %s", p.Name, refused, strings.Join(p.AllowedParameters, ", "))
	}
	return nil
}

// notAllowed returns the path of a parameter that may not be set; "" if all
// may. What an allowed path leads to may be set whole.
func (p Plan) notAllowed(below string, parameters map[string]any) string {
	for key, value := range parameters {
		path := strings.TrimPrefix(below+"."+key, ".")
		if p.allows(path) {
			continue
		}
		deeper, isMap := value.(map[string]any)
		if !isMap || len(deeper) == 0 || !p.allowsBelow(path) {
			return path
		}
		if refused := p.notAllowed(path, deeper); refused != "" {
			return refused
		}
	}
	return ""
}

func (p Plan) allows(path string) bool {
	for _, allowed := range p.AllowedParameters {
		if path == allowed || strings.HasPrefix(path, allowed+".") {
			return true
		}
	}
	return false
}

func (p Plan) allowsBelow(path string) bool {
	for _, allowed := range p.AllowedParameters {
		if strings.HasPrefix(allowed, path+".") {
			return true
		}
	}
	return false
}
