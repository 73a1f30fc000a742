package orphans

import (
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// World is what was read. A part that couldn't be read is nil, and is nobody's counterpart.
type World struct {
	// Broker is whose NetworkPolicies are looked at: the namespace of its records. URL is
	// where it is asked.
	Broker, URL string

	Instances []record.Instance
	Bindings  []record.Binding
	// Foundation is Cloud Foundry's part.
	Foundation *Foundation
	// Namespaces are those of the cluster that say that they are an instance's.
	Namespaces []Namespace
	// Present are the names of all of the cluster's namespaces.
	Present map[string]bool
	// NetworkPolicies are those that the broker has made on its own cluster.
	NetworkPolicies []networkpolicy.Found
	// SecurityGroups are those of the broker's names, by name.
	SecurityGroups map[string]SecurityGroup
	// Policies are those of the policy server, of whoever.
	Policies []policy.Policy
	// Placeholders are the apps that carry the broker's label.
	Placeholders []c2c.Placeholder
}

// Foundation is what Cloud Foundry has of the broker's plans, by GUID, which is the id of
// OSBAPI.
type Foundation struct {
	Instances, Bindings map[string]Known
	// Any are those of the placeholder apps' service instances that it has, of whichever
	// broker.
	Any map[string]bool
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

// SecurityGroup is what one of the broker's names is there for.
type SecurityGroup struct {
	// Group is the policy group that it leads to, and Policies are what its rules say to
	// make true.
	Group    string
	Policies []policy.Policy
	Changed  time.Time
}
