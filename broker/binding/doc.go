// Package binding makes and revokes bindings: it finds out what an instance offers,
// draws up credentials and records them, within a request or later, when a pod is
// ready. What that opens, and closes again, is package access's business.
package binding
