package record

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Instance is a service instance: what was asked for and what is being done
// about it.
type Instance struct {
	header
	ID string `json:"id"`

	ServiceID        string          `json:"service_id"`
	PlanID           string          `json:"plan_id"`
	OrganizationGUID string          `json:"organization_guid,omitempty"`
	SpaceGUID        string          `json:"space_guid,omitempty"`
	Context          json.RawMessage `json:"context,omitempty"`
	Parameters       json.RawMessage `json:"parameters,omitempty"`
	// Seed is what the values are derived from that plan files ask for with
	// `generated`: a secret. Instances from before this field get one with their
	// next update.
	Seed string `json:"seed,omitempty"`

	Chart Chart `json:"chart"`
	// Namespace and Release are recorded, not derived again, so that an
	// instance outlives a change of the namespace prefix.
	Namespace string `json:"namespace"`
	Release   string `json:"release"`
	// Cluster is the id of the cluster that the instance lives on, empty for the
	// broker's own. An instance never moves.
	Cluster string `json:"cluster,omitempty"`
	// KeepData is the plan's: volumes outlive the instance. It is recorded, since
	// a delete has to work without the plan.
	KeepData bool `json:"keep_data,omitempty"`
	// ClusterObjects are the cluster-scoped kinds of which the chart may ever have
	// made objects, by its plans so far. They are recorded before, since a delete
	// has to find these without the plan and without the release's records.
	ClusterObjects []string `json:"cluster_objects,omitempty"`
	// APIGroups are those of custom kinds of which the chart makes objects, as it was
	// last rendered; null where that is older than this field. They are recorded
	// before, since the operators of these kinds and the instance's pods reach each
	// other from before the pods start.
	APIGroups []string `json:"api_groups"`
	// Kibosh: the instance was made by Kibosh, and can only be deleted.
	Kibosh bool `json:"kibosh,omitempty"`
	// Destination is the POLICY_DESTINATION mode the instance was made with,
	// and PolicyGroup the id that its pods' C2C policies name.
	// It is empty until there is a placeholder app, where the mode has one.
	Destination string `json:"destination"`
	PolicyGroup string `json:"policy_group"`
	// GroupLabels are labels that the instance's pods have, with their policy group as
	// value, by which NetworkPolicies tell them apart. It keeps those that it was made
	// with: the template of a Job can't be changed.
	GroupLabels []string `json:"group_labels,omitempty"`
	// FormerGroups are policy groups that pods from before may still be in: a
	// placeholder app that somebody deleted is made again with another GUID, and
	// a pod keeps the group that it was started with.
	FormerGroups []string `json:"former_groups,omitempty"`
	// Unaligned: the bindings may open what the instance doesn't offer any more
	// since its last update.
	Unaligned bool `json:"unaligned,omitempty"`

	Operation Operation `json:"operation"`
	// Update is what a running update leads to; it becomes the instance's own
	// when the update succeeds.
	Update *Update `json:"update,omitempty"`
	// Failures are the last operations that failed; see NoteGone.
	Failures []Failure `json:"failures,omitempty"`
}

// Update is a change of an instance, whole: not only what the request named.
type Update struct {
	PlanID     string          `json:"plan_id"`
	Parameters json.RawMessage `json:"parameters,omitempty"`
	Context    json.RawMessage `json:"context,omitempty"`
	// Chart is another than the instance's where the chart is upgraded.
	Chart Chart `json:"chart"`
	// APIGroups are the instance's with the update; null until it is rendered.
	APIGroups []string `json:"api_groups"`
	// From is the release's revision before the update, to go back to if it
	// fails; 0 until the update is begun.
	From int `json:"from,omitempty"`
}

// Chart identifies the chart that an instance was made from.
type Chart struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// Operation is the running or last operation of an instance.
type Operation struct {
	// ID is handed out as OSBAPI's operation string.
	ID    string `json:"id"`
	Type  Type   `json:"type"`
	State State  `json:"state"`
	// Description is how far the operation is, or why it failed.
	Description Reason    `json:"description,omitempty"`
	Started     time.Time `json:"started"`
	// Begun is when a process first took the operation up.
	Begun time.Time `json:"begun,omitzero"`
	// Attempt counts how often the operation was taken up: for the first time,
	// again after an error that may pass, by the next process after a crash.
	Attempt int `json:"attempt"`
	// Holders are the processes that took the operation up and haven't put it down
	// in order: those that died with it, then the one that is at it. See TakeUp.
	Holders []string `json:"holders,omitempty"`
	// HeldUp is why the last attempt has to be repeated.
	HeldUp Reason `json:"held_up,omitempty"`
	Origin
}

// NewOperation returns an operation that is still to be taken up.
func NewOperation(kind Type, origin Origin) Operation {
	return Operation{ID: uuid.NewString(), Type: kind, State: InProgress, Started: time.Now().UTC(), Origin: origin}
}

// Type is what an operation does.
type Type string

// The types of operations on instances.
const (
	Create Type = "create"
	Modify Type = "update"
	Delete Type = "delete"
)

// State is an operation's state, in OSBAPI's words.
type State string

// The states of an operation.
const (
	InProgress State = "in progress"
	Succeeded  State = "succeeded"
	Failed     State = "failed"
)

// Updated is the instance as its update makes it, if one is recorded.
func (i Instance) Updated() Instance {
	if u := i.Update; u != nil {
		i.PlanID, i.Parameters, i.Context, i.Chart = u.PlanID, u.Parameters, u.Context, u.Chart
		if u.APIGroups != nil {
			i.APIGroups = u.APIGroups
		}
	}
	return i
}

// As is the instance as it is to be written over the other, which was read or
// written later.
func (i Instance) As(other Instance) Instance {
	i.version = other.version
	return i
}

// Revision is that of the cluster of the records at which this one was last
// written. What was seen before that is seen by whoever reads no older one.
func (i Instance) Revision() string { return i.version }

// Usable tells whether the instance serves: what was created stays so through
// updates, failed ones included.
func (i Instance) Usable() bool {
	return i.Operation.Type == Modify || i.Operation.Type == Create && i.Operation.State == Succeeded
}

// Running tells whether the operation hasn't ended.
func (o Operation) Running() bool { return o.State == InProgress }
