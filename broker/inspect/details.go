package inspect

import (
	"encoding/json"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Details is what `broker instances show --json` prints. Parameters and
// credentials are in it only with --secrets; nothing else of it is secret.
type Details struct {
	ID string `json:"id"`
	// Kibosh: the instance was made by Kibosh; the record knows little of it.
	Kibosh bool `json:"kibosh,omitempty"`
	// Service is the chart's name, Plan the plan's.
	Service   string `json:"service"`
	Plan      string `json:"plan"`
	ServiceID string `json:"service_id"`
	PlanID    string `json:"plan_id"`
	// Version and Digest are those of the chart that the instance is on.
	Version string `json:"version"`
	Digest  string `json:"digest"`

	OrganizationGUID string `json:"organization_guid"`
	SpaceGUID        string `json:"space_guid"`
	// Names are what the platform calls them, where it said so.
	Names Names `json:"names"`

	Namespace string `json:"namespace"`
	// NamespacePhase is Active, Terminating or gone; empty if it wasn't read.
	NamespacePhase string `json:"namespace_phase,omitempty"`
	ReleaseName    string `json:"release_name"`
	// Cluster is the id of the plan's own cluster, empty for the broker's.
	// Nothing of another cluster is read: neither pods nor the release.
	Cluster string `json:"cluster,omitempty"`
	// KeepData: the instance's volumes outlive it.
	KeepData bool `json:"keep_data,omitempty"`
	// PolicyGroup is the destination of the instance's policies, and
	// PolicyDestination the mode that it was chosen by.
	PolicyGroup       string `json:"policy_group"`
	PolicyDestination string `json:"policy_destination"`
	// FormerGroups are those that pods from before may still be in.
	FormerGroups []string `json:"former_policy_groups,omitempty"`

	Operation Operation `json:"operation"`
	// Update is what a running update leads to.
	Update *Update `json:"update,omitempty"`
	Parameters

	// Release is nil if there is none or it wasn't read.
	Release *Release `json:"release,omitempty"`
	Pods    []Pod    `json:"pods"`

	// OwnPolicies let the instance's pods reach one another, and DNS.
	OwnPolicies []policy.Policy `json:"own_policies,omitempty"`

	Bindings []Binding `json:"bindings"`
	// Tombstones are revoked bindings whose policies may still be open.
	Tombstones []Binding `json:"tombstones"`
	Damaged    []Damaged `json:"damaged,omitempty"`
	// Unread says what couldn't be read, and why.
	Unread []string `json:"unread,omitempty"`
}

// Names are those that a platform's context holds.
type Names struct {
	Instance     string `json:"instance,omitempty"`
	Space        string `json:"space,omitempty"`
	Organization string `json:"organization,omitempty"`
}

// Operation is the running or last operation of an instance.
type Operation struct {
	ID string `json:"id"`
	// Type is create, update or delete.
	Type string `json:"type"`
	// State is in progress, succeeded or failed.
	State       string `json:"state"`
	Description string `json:"description,omitempty"`
	// Started is when it was asked for, Begun when it was first taken up.
	Started time.Time `json:"started"`
	Begun   time.Time `json:"begun,omitzero"`
	// Attempt counts how often it was taken up.
	Attempt int `json:"attempt"`
	// Holders are the processes that ended while they were at it, then the one
	// that is at it.
	Holders []string `json:"holders,omitempty"`
	// HeldUp is why the last attempt has to be repeated.
	HeldUp string `json:"held_up,omitempty"`
	Request
}

// Request is the one that began something.
type Request struct {
	// CorrelationID is what the log's lines carry.
	CorrelationID string `json:"correlation_id,omitempty"`
	// RequestIdentity is the platform's own id of the request.
	RequestIdentity string `json:"request_identity,omitempty"`
	// Platform and User are who asked.
	Platform string `json:"platform,omitempty"`
	User     string `json:"user,omitempty"`
}

// Update is what an update leads to.
type Update struct {
	Plan    string `json:"plan"`
	Service string `json:"service"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Parameters
}

// Parameters are those that an app developer gave.
type Parameters struct {
	// Keys are the names of the outermost parameters.
	Keys []string `json:"parameter_keys,omitempty"`
	// Values are secret: the parameters, whole.
	Values json.RawMessage `json:"parameters,omitempty"`
}

// Release is the instance's Helm release.
type Release struct {
	Revision int `json:"revision"`
	// Status is in Helm's words, such as deployed or pending-upgrade.
	Status string `json:"status"`
	// Version is that of the chart that the revision was made from.
	Version string    `json:"version"`
	Updated time.Time `json:"updated"`
}

// Pod is one of the instance's pods.
type Pod struct {
	Name  string `json:"name"`
	IP    string `json:"ip,omitempty"`
	Phase string `json:"phase"`
	Ready bool   `json:"ready"`
	// Reason is why it isn't ready, in Kubernetes' words.
	Reason string `json:"reason,omitempty"`
}

// Binding is a service binding or service key.
type Binding struct {
	ID string `json:"id"`
	// App is the app's GUID, empty for a service key.
	App string `json:"app,omitempty"`
	// State is waiting, opening, bound, failed or, of a tombstone, revoking.
	State string `json:"state"`
	// Description is how far the making of a binding is that had to wait, or
	// why it failed.
	Description string `json:"description,omitempty"`
	// Policies are what the binding opens.
	Policies []policy.Policy `json:"policies"`
	// Networks are those that the policies are opened on: c2c, networkpolicy,
	// securitygroup.
	Networks []string `json:"networks,omitempty"`
	// Hosts are the addresses that the pods had when the credentials were
	// issued, Stale those of them that no pod has any more: the app has to be
	// bound again.
	Hosts []string `json:"hosts,omitempty"`
	Stale []string `json:"stale,omitempty"`
	// CredHub is the name under which the credentials are kept there, empty where the
	// platform was given them.
	CredHub string `json:"credhub,omitempty"`
	// Destinations are the shared services that the credentials name; Stale holds
	// their addresses, too.
	Destinations []record.SharedService `json:"destinations,omitempty"`
	Request
	Parameters
	// Credentials are secret.
	Credentials json.RawMessage `json:"credentials,omitempty"`
}
