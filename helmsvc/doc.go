// Package helmsvc is a service instance as a Helm release in a namespace of
// its own: install, uninstall, readiness, and what a binding can see of it.
//
// It knows Helm and Kubernetes and nothing else. Which instance exists, what
// it is doing and when to try again is broker/operation's and broker/record's
// business; who may reach its pods is policy's.
package helmsvc
