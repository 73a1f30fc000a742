// Package bindtemplate evaluates a chart's bind.yaml: the Jsonnet expression
// that makes a binding's credentials, in Kibosh's format.
//
// A template has no imports and is bounded in time and memory, by being
// evaluated in a process of its own: go-jsonnet can't be interrupted. What a
// template sees is helmsvc's business.
package bindtemplate
