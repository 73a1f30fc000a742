package record

import (
	"encoding/json"
	"slices"
	"time"

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
	AppGUID string `json:"app_guid,omitempty"`
	// SpaceGUID is the app's space, which an instance may be shared with. A record
	// that is older than this field has none.
	SpaceGUID string `json:"space_guid,omitempty"`
	// CredentialClient is the UAA client that is to read a service key's credentials in
	// CredHub, where the platform names one.
	CredentialClient string          `json:"credential_client,omitempty"`
	Parameters       json.RawMessage `json:"parameters,omitempty"`

	Origin
	// Started is when the binding was asked for.
	Started time.Time `json:"started,omitzero"`
	// Operation is that of a binding which is made after the request.
	Operation *BindOperation `json:"operation,omitempty"`

	// Credentials are those that were issued: a repeated request gets the same.
	Credentials json.RawMessage `json:"credentials,omitempty"`
	// CredHub is where they are kept as well, if the platform is given a reference in their
	// place. It is recorded before they are put there. One that was made without CredHub
	// keeps none.
	CredHub *CredHub `json:"credhub,omitempty"`
	// Endpoints are where the credentials lead, as they were issued; none in a
	// record that is older than this field.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// Policies are what the binding opens. They are recorded before they are
	// posted, so that undoing always knows what to undo.
	Policies []policy.Policy `json:"policies,omitempty"`
	// Networks are those that may have the policies. A record that is older than this
	// field has none; see On.
	Networks []string     `json:"networks,omitempty"`
	State    BindingState `json:"state"`
	// SharedGroups are those destinations of the policies that bindings of other
	// instances open as well.
	SharedGroups []string `json:"shared_groups,omitempty"`
	// Hosts are the addresses that the pods had when the credentials were issued.
	Hosts []string `json:"hosts,omitempty"`
	// Destinations are the shared services that the credentials name.
	Destinations []SharedService `json:"destinations,omitempty"`
	// Placeholder: there is, or may be, a placeholder app, which goes with this
	// record. Only that of OwnAccess has it.
	Placeholder bool `json:"placeholder,omitempty"`
	// PlaceholderGUID is that app's, where it was known when the record was
	// revoked.
	PlaceholderGUID string `json:"placeholder_guid,omitempty"`
	// Operator is whose access this is, if it is that of an operator, and of no
	// instance: InstanceID is then its policy group.
	Operator *Operator `json:"operator,omitempty"`
	// UnsettledUntil is set on a tombstone whose policies somebody may have been
	// posting when it was revoked: it stays until then.
	UnsettledUntil time.Time `json:"unsettled_until,omitzero"`
}

// CredHub is where a binding's credentials are kept, and who reads them there: an actor,
// as CredHub's permissions name it.
type CredHub struct {
	Name   string `json:"name"`
	Reader string `json:"reader"`
}

// Reaches tells whether there may be anything beyond the records that goes with the
// binding: policies, or credentials in CredHub.
func (b Binding) Reaches() bool { return len(b.Policies) > 0 || b.CredHub != nil }

// On are the networks that may have what the binding opens.
func (b Binding) On() []string {
	if len(b.Networks) == 0 && len(b.Policies) > 0 {
		return []string{policy.C2C} // the only one that there was
	}
	return b.Networks
}

// PoliciesOn are what the binding opens on the network.
func (b Binding) PoliciesOn(network string) []policy.Policy {
	if slices.Contains(b.On(), network) {
		return b.Policies
	}
	return nil
}

// SharedService is a shared service as credentials name it.
type SharedService struct {
	Name string `json:"name"`
	// Namespace and Selector, a label selector, find its pods.
	Namespace string `json:"namespace"`
	Selector  string `json:"selector"`
	// Hosts are the addresses that were issued.
	Hosts []string `json:"hosts"`
}

// Operator is a chart that services need. Others may know it by its chart's name
// alone: it stays installed when the chart has left the folder.
type Operator struct {
	Chart string `json:"chart"`
	// Serves are the API groups of its custom resources.
	Serves []string `json:"serves,omitempty"`
}

// OwnAccess is the id under which the own access of an instance, or of an operator,
// is recorded: what its pods open for themselves. That is no service binding, but it is kept true
// and closed in the same way. No request can name it, since ids hold no dots.
const OwnAccess = "own.access"

// BindOperation is the making of a binding that had to wait for a ready pod.
type BindOperation struct {
	// ID is handed out as OSBAPI's operation string.
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	// Description is how far it is, or why it failed.
	Description Reason `json:"description,omitempty"`
}

// BindingState is where a binding stands.
type BindingState string

// The states of a binding.
const (
	// Waiting: a ready pod is being waited for.
	Waiting BindingState = "waiting"
	// Unmade: it couldn't be made, as its operation's description says.
	Unmade BindingState = "failed"
	// Opening: the policies are being opened; nothing was promised yet.
	Opening BindingState = "opening"
	// Bound: the platform may have been told that the binding exists.
	Bound BindingState = "bound"
	// Revoking: a tombstone. The binding is gone for the platform; it stays
	// until its policies are closed.
	Revoking BindingState = "revoking"
)
