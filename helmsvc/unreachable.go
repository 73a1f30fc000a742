package helmsvc

import (
	"fmt"
	"slices"
	"strings"
)

// UnreachableError says that no app can be given access to an instance, since
// all its ports are of a protocol that CF's policies don't know.
type UnreachableError struct {
	// Ports are such as "38412/sctp (ngap)".
	Ports []string
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no app can reach this service instance: its pods offer %s only, and container-to-container policies are for tcp and udp",
		strings.Join(e.Ports, ", "))
}

// LeftOut are the endpoints that aren't among the view's, since no policy can
// open them: those of SCTP. Narrow leaves them alone.
func (v View) LeftOut() []Endpoint { return v.leftOut }

// Unreachable returns an UnreachableError if the instance has endpoints and no
// policy can open any of them. Ask before the view is narrowed.
func (v View) Unreachable() error {
	if len(v.Endpoints) > 0 || len(v.leftOut) == 0 {
		return nil
	}
	e := new(UnreachableError)
	for _, left := range v.leftOut {
		port := fmt.Sprintf("%d/%s (%s)", left.Port, left.Protocol, left.Name)
		if !slices.Contains(e.Ports, port) {
			e.Ports = append(e.Ports, port)
		}
	}
	return e
}
