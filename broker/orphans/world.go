package orphans

import (
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
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
	// Clusters are those of the plans and the instances by their ids, the broker's own with an
	// empty one; nil: it couldn't be read.
	Clusters map[string]*Cluster
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
	// Any are those that it has, of whichever broker, of the service instances of placeholder
	// apps and of namespaces on other clusters than the broker's own.
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

// Cluster is one that instances live on.
type Cluster struct {
	// Server is its address; empty: it is the broker's own. Brokers of other Cloud Foundries
	// may use any other, and name their namespaces alike.
	Server string
	// Namespaces are those that say that they are an instance's.
	Namespaces []Namespace
	// Present are the names of all namespaces.
	Present map[string]bool
	// NetworkPolicies are those that the broker has made.
	NetworkPolicies []networkpolicy.Found
	// Objects are those outside the namespaces of the instances' releases that made them.
	Objects []release.Marked
	// Releases are those of which Helm has records in the namespaces of recorded instances, and
	// when the last of each was made. A namespace of which that couldn't be read isn't among them.
	Releases map[string]map[string]time.Time
}

// named tells where a thing is, by the cluster's address.
func (c *Cluster) named(thing string) string {
	if c.Server == "" {
		return thing
	}
	return thing + " on " + c.Server
}

// command is one that mends something on the cluster.
func (c *Cluster) command(text string) string {
	if c.Server == "" {
		return text
	}
	return "unless a broker of another Cloud Foundry has it, " + c.run(text)
}

// run is a command that is run on the cluster.
func (c *Cluster) run(text string) string {
	if c.Server == "" {
		return text
	}
	return "with credentials for " + c.Server + ": " + text
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
