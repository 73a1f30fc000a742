package chart

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Access is which organizations find a plan in the marketplace, once the broker is
// registered. The zero value is all.
type Access struct {
	// Nobody has the plan hidden from everybody but administrators.
	Nobody bool
	// Organizations are the names of the only ones that find it; empty: it isn't limited to some.
	Organizations []string
}

var errAccess = errors.New("access must be all, none or a list of organizations' names, such as [my-org]")

// parseAccess reads a plan's access: all, none or names. Names in a list are
// organizations', whatever they are.
func parseAccess(text json.RawMessage) (Access, error) {
	if text == nil || string(text) == "null" { // as with other keys
		return Access{}, nil
	}
	var word string
	if json.Unmarshal(text, &word) == nil {
		switch word {
		case "all":
			return Access{}, nil
		case "none":
			return Access{Nobody: true}, nil
		}
		return Access{}, errAccess
	}
	var names []string
	if json.Unmarshal(text, &names) != nil {
		return Access{}, errAccess
	}
	if len(names) == 0 {
		return Access{}, errors.New("access lists no organization; say none for a plan that nobody is to find")
	}
	for n, name := range names {
		if strings.TrimSpace(name) == "" {
			return Access{}, errAccess
		}
		if slices.Contains(names[:n], name) {
			return Access{}, errors.New("access names an organization twice")
		}
	}
	return Access{Organizations: names}, nil
}

func (a Access) String() string {
	switch {
	case a.Nobody:
		return "none"
	case len(a.Organizations) > 0:
		return strings.Join(a.Organizations, ", ")
	}
	return "all"
}
