package socket

import "github.com/cf-helm-broker/cf-helm-broker/podgroup"

// DefaultPath is where the agent listens unless it is told otherwise.
const DefaultPath = "/run/c2c-cni/agent.sock"

// Pod is the one that a network is made for, as the container runtime names it.
type Pod struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	Container string `json:"container"` // the sandbox's id
}

// Status is whether pods may be started on the node.
type Status struct {
	Ready    bool     `json:"ready"`
	Problems []string `json:"problems,omitempty"` // why not, and what to do
}

// answer is what the agent says: of a pod, or why not.
type answer struct {
	podgroup.Membership
	Error string `json:"error,omitempty"`
}

// NotHere is part of what is said of a pod that the node doesn't have.
const NotHere = "isn't on node"

const (
	podPath    = "/v1/pod"
	statusPath = "/v1/status"
	// mostBody is the longest request and answer, in bytes.
	mostBody = 64 << 10
)
