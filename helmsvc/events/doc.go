// Package events tells of an instance, as Kubernetes Events in its namespace, what
// whoever looks after its pods would want to know.
package events
