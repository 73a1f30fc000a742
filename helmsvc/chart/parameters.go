package chart

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CheckCreate holds the parameters of a create against what the plan lets a
// user set, and against its schema. The error names the field and quotes no
// value. Their size is CheckBounds' business.
func (p Plan) CheckCreate(parameters json.RawMessage) error {
	return p.checkParameters(parameters, p.Schemas.Create)
}

// CheckUpdate is CheckCreate for the parameters of an update alone, without
// those so far.
func (p Plan) CheckUpdate(parameters json.RawMessage) error {
	return p.checkParameters(parameters, p.Schemas.Update)
}

// CheckBind holds the parameters of a binding against the plan's schema, and
// refuses templates, and parameters that nothing reads: who gives them expects
// that they change something. They are read if the plan has a schema for them,
// or if the chart's bind template does. The error names the field and quotes no
// value.
func (s Service) CheckBind(p Plan, parameters json.RawMessage) error {
	decoded, err := DecodeParameters(parameters)
	if err != nil {
		return err
	}
	if err := p.checkTemplates(decoded); err != nil {
		return err
	}
	read := p.Schemas.Bind != nil || s.Bind != nil && s.Bind.ReadsParameters()
	if len(decoded) > 0 && !read {
		return fmt.Errorf("nothing reads them: the plan %s takes no parameters for a binding; leave them out", p.Name)
	}
	return p.Schemas.Bind.validate(decoded)
}

func (p Plan) checkParameters(parameters json.RawMessage, schema *Schema) error {
	decoded, err := DecodeParameters(parameters)
	if err != nil {
		return err
	}
	if err := p.checkSettable(decoded); err != nil {
		return err
	}
	return schema.validate(decoded)
}

// CheckAllowed holds all parameters of an instance, those of its updates
// merged, against what the plan lets a user set, without its schema. They are
// bounded too: each update may add some.
func (p Plan) CheckAllowed(parameters json.RawMessage) error {
	if err := CheckBounds(parameters); err != nil {
		return err
	}
	decoded, err := DecodeParameters(parameters)
	if err != nil {
		return err
	}
	return p.checkSettable(decoded)
}

// checkSettable holds parameters against the plan's rules, in the order in
// which people have to mend them.
func (p Plan) checkSettable(parameters map[string]any) error {
	for _, check := range []func(map[string]any) error{p.checkTemplates, p.checkAllowed, p.checkReach} {
		if err := check(parameters); err != nil {
			return err
		}
	}
	return nil
}

// TakingAnything is the plan for developers who are trusted: without a list it takes
// all parameters, as with Kibosh.
func (p Plan) TakingAnything() Plan {
	p.trusting = true
	return p
}

// Keeping is the plan for parameters that an instance has already: whichever it lists now.
func (p Plan) Keeping() Plan {
	p.keeping = true
	return p
}

// TakesParameters tells whether a user may set any.
func (p Plan) TakesParameters() bool { return p.takesAnything() || len(p.AllowedParameters) > 0 }

func (p Plan) takesAnything() bool { return p.keeping || p.AllowedParameters == nil && p.trusting }

func (p Plan) checkAllowed(parameters map[string]any) error {
	if p.takesAnything() {
		return nil
	}
	path, refused := p.notAllowed(nil, parameters)
	switch {
	case refused && p.AllowedParameters == nil:
		return fmt.Errorf("the plan %s takes no parameters, leave out %.100q; whoever runs the broker lists those that developers may set in the plan's allowed_parameters, in plans.yaml", p.Name, path)
	case refused && len(p.AllowedParameters) == 0:
		return fmt.Errorf("the plan %s takes no parameters, leave out %.100q", p.Name, path)
	case refused:
		return fmt.Errorf("the plan %s doesn't let you set %.100q; it lets you set: %s", p.Name, path, strings.Join(p.AllowedParameters, ", "))
	}
	return nil
}

// notAllowed returns the path of a parameter that may not be set. What an
// allowed path leads to may be set whole.
func (p Plan) notAllowed(below []string, parameters map[string]any) (path string, refused bool) {
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		value, at := parameters[key], append(slices.Clone(below), key)
		if p.allows(at) {
			continue
		}
		deeper, isMap := value.(map[string]any)
		if !isMap || len(deeper) == 0 || !p.allowsBelow(at) {
			return strings.Join(at, "."), true
		}
		if path, refused := p.notAllowed(at, deeper); refused {
			return path, true
		}
	}
	return "", false
}

// allows tells whether the path or one above it is allowed. It compares key by
// key: a key may hold a dot, or be empty.
func (p Plan) allows(path []string) bool {
	return slices.ContainsFunc(p.AllowedParameters, func(allowed string) bool {
		keys := strings.Split(allowed, ".")
		return len(keys) <= len(path) && slices.Equal(keys, path[:len(keys)])
	})
}

func (p Plan) allowsBelow(path []string) bool {
	return slices.ContainsFunc(p.AllowedParameters, func(allowed string) bool {
		keys := strings.Split(allowed, ".")
		return len(keys) > len(path) && slices.Equal(keys[:len(path)], path)
	})
}
