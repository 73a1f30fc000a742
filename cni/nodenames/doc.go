// Package nodenames publishes the names of its own node's pods in Cloud Foundry's
// service discovery, so that they outlive a broker that is down. It puts together
// names/watch, which sees the pods of all nodes, and names/publish; which pods are
// here is names' rule.
package nodenames
