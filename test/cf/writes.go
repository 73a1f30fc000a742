package cf

// Op is the kind of a Write.
type Op string

// The ways in which policies change.
const (
	Create  Op = "create"
	Delete  Op = "delete"
	Cleanup Op = "cleanup"
)

// Write is one accepted change of policies: a POST that was answered with 200,
// also one that changed nothing, or a cleanup that deleted something.
type Write struct {
	Op Op `json:"op"`
	// Client is the UAA client that asked, empty for the hourly cleanup.
	Client string `json:"client,omitempty"`
	// Policies as sent, or as the cleanup deleted them.
	Policies []Policy `json:"policies"`
	// Changed is whether any policy appeared or disappeared. A write that
	// changed nothing still makes every cell fetch all policies anew.
	Changed bool `json:"changed"`
}

// Writes are the accepted changes of policies so far, oldest first. What
// AddPolicies and DeletePolicies did isn't among them.
func (s *Server) Writes() []Write {
	s.policies.mu.Lock()
	defer s.policies.mu.Unlock()
	return append([]Write{}, s.policies.log...)
}
