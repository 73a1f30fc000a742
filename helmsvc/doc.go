// Package helmsvc is a service instance as a Helm release in a namespace of
// its own: install, uninstall, and what a binding can see of it. Whether what was
// made is ready is judged in helmsvc/readiness, what a chart renders in
// helmsvc/manifest.
//
// It knows Helm and Kubernetes and nothing else. Which instance exists, what
// it is doing and when to try again is broker/instance's and broker/record's
// business; who may reach its pods is policy's.
package helmsvc
