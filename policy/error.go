package policy

import "fmt"

// Error is an answer of a part of CF that refuses the request: of the policy
// server, the cloud controller, UAA or the CF API's root.
type Error struct {
	Server  string
	Status  int
	Message string
	// Fix is what the operator has to look at, empty where the message says it.
	Fix string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s answered %d", e.Server, e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}
