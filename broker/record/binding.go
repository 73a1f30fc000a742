package record

import (
	"encoding/json"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Binding is a service binding or service key.
type Binding struct {
	header
	ID         string `json:"id"`
	InstanceID string `json:"instance_id"`

	ServiceID string `json:"service_id"`
	PlanID    string `json:"plan_id"`
	// AppGUID is empty for a service key.
	AppGUID    string          `json:"app_guid,omitempty"`
	Parameters json.RawMessage `json:"parameters,omitempty"`

	// Credentials are those that were issued: a repeated request gets the same.
	Credentials json.RawMessage `json:"credentials"`
	// Policies are what the binding opens. They are recorded before they are
	// posted, so that undoing always knows what to undo.
	Policies []policy.Policy `json:"policies,omitempty"`
	State    BindingState    `json:"state"`
}

// BindingState is where a binding stands.
type BindingState string

// The states of a binding.
const (
	// Opening: the policies are being opened; nothing was promised yet.
	Opening BindingState = "opening"
	// Bound: the platform may have been told that the binding exists.
	Bound BindingState = "bound"
	// Revoking: a tombstone. The binding is gone for the platform; it stays
	// until its policies are closed.
	Revoking BindingState = "revoking"
)
