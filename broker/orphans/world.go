package orphans

import (
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// World is what was read. A part that couldn't be read is nil, and is nobody's counterpart.
type World struct {
	Instances []record.Instance
	Bindings  []record.Binding
	// Foundation is Cloud Foundry's part.
	Foundation *Foundation
	// Namespaces are those of the cluster that say that they are an instance's.
	Namespaces []Namespace
	// Present are the names of all of the cluster's namespaces.
	Present map[string]bool
	// SecurityGroups are the policy groups that those of the broker's names lead to, by name.
	SecurityGroups map[string]string
	// Policies are those of the policy server, of whoever.
	Policies []policy.Policy
	// Placeholders are the GUIDs of the apps that carry the broker's label.
	Placeholders map[string]bool
}

// Foundation is what Cloud Foundry has of the broker's plans, by GUID, which is the id of
// OSBAPI.
type Foundation struct {
	Instances, Bindings map[string]Known
}

// Known is an instance or a binding that Cloud Foundry knows.
type Known struct {
	Name     string
	Instance string // of a binding
	Created  time.Time
	// Busy tells that an operation is under way.
	Busy bool
}

// Namespace is one that says that it is an instance's.
type Namespace struct {
	Name, Instance string
	Created        time.Time
}
