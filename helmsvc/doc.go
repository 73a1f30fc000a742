// Package helmsvc is a service instance as a Helm release in a namespace of its
// own. It puts its rooms together for one cluster: helmsvc/tenant, where an instance
// lives; helmsvc/release, what is made in there; helmsvc/view, what a binding sees of
// it. Below them are helmsvc/manifest, helmsvc/history and helmsvc/readiness.
//
// It knows Helm and Kubernetes and nothing else. Which instance exists, what
// it is doing and when to try again is broker's business; who may reach its pods
// is policy's.
package helmsvc
