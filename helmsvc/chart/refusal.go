package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// mostReasons are as many as help. Users write the names of fields, and could
// write thousands.
const mostReasons = 10

// refusal says which fields a schema refuses and why, in words that hold
// nothing of the values: the schema library's own quote them, and any value
// may be a secret.
func refusal(err error) error {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return errors.New("the values can't be held against the schema")
	}
	refused := new(RefusedError)
	refused.collect(invalid)
	return refused
}

// RefusedError says which fields a schema refuses and why. It quotes no value.
type RefusedError struct {
	in      string // the subchart whose schema it is, such as "in the subchart db: "
	reasons []string
	missing map[string]bool // those of the reasons that are a value's absence
}

func (e *RefusedError) Error() string {
	reasons := e.reasons
	if len(reasons) > mostReasons {
		reasons = append(slices.Clone(reasons[:mostReasons]), fmt.Sprintf("and %d more", len(reasons)-mostReasons))
	}
	return e.in + strings.Join(reasons, "; ")
}

// without leaves out what the other is refused for as well, but for what is
// missing: that is for a user to give. It returns nil if nothing is left.
func (e *RefusedError) without(other *RefusedError) *RefusedError {
	left := *e
	left.reasons = slices.DeleteFunc(slices.Clone(e.reasons), func(reason string) bool {
		return other.in == e.in && !e.missing[reason] && slices.Contains(other.reasons, reason)
	})
	if len(left.reasons) == 0 {
		return nil
	}
	return &left
}

// collect gathers the innermost reasons, in the library's order. Of
// alternatives none of which fits it tells that, and why not each.
func (e *RefusedError) collect(invalid *jsonschema.ValidationError) {
	if len(invalid.Causes) > 0 {
		for _, cause := range invalid.Causes {
			e.collect(cause)
		}
		return
	}
	text := fmt.Sprintf("at '/%s': %s", short(strings.Join(invalid.InstanceLocation, "/")), reason(invalid.ErrorKind))
	e.reasons = append(e.reasons, text)
	if _, missing := invalid.ErrorKind.(*kind.Required); missing {
		if e.missing == nil {
			e.missing = map[string]bool{}
		}
		e.missing[text] = true
	}
}

func reason(why jsonschema.ErrorKind) string {
	switch k := why.(type) {
	case *kind.Type:
		return fmt.Sprintf("it is of type %s, and has to be of type %s", k.Got, strings.Join(k.Want, " or "))
	case *kind.Required:
		return "missing " + quotedList(k.Missing)
	case *kind.AdditionalProperties:
		return "not known: " + quotedList(k.Properties)
	case *kind.PropertyNames:
		return "a name in it isn't allowed"
	case *kind.Enum:
		return "it has to be one of " + asJSON(k.Want)
	case *kind.Const:
		return "it has to be " + asJSON(k.Want)
	case *kind.Pattern:
		return "it has to match the pattern " + k.Want
	case *kind.Format:
		return "it has to be of the format " + k.Want
	case *kind.Minimum:
		return "it has to be at least " + number(k.Want)
	case *kind.Maximum:
		return "it has to be at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "it has to be above " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "it has to be below " + number(k.Want)
	case *kind.MultipleOf:
		return "it has to be a multiple of " + number(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("it has to have %d characters at least", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("it has to have %d characters at most", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("it has to have %d items at least", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("it has to have %d items at most", k.Want)
	}
	if rule := strings.Join(why.KeywordPath(), "/"); rule != "" {
		return "the schema's rule `" + rule + "` isn't kept"
	}
	return "the schema doesn't allow it"
}

func quotedList(names []string) string {
	more := ""
	if len(names) > mostReasons {
		names, more = names[:mostReasons], fmt.Sprintf(" and %d more", len(names)-mostReasons)
	}
	quoted := make([]string, len(names))
	for n, name := range names {
		quoted[n] = "'" + short(name) + "'"
	}
	return strings.Join(quoted, ", ") + more
}

// short bounds a name that a user has written, and keeps it on one line.
func short(name string) string {
	if name == "" {
		return name
	}
	return where([]string{name})
}

// asJSON writes what stands in the schema.
func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "what the schema says"
	}
	return string(text)
}

func number(n *big.Rat) string {
	f, _ := n.Float64()
	return asJSON(f)
}
