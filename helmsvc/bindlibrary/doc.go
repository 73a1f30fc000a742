// Package bindlibrary makes credentials for charts that have no bind template: from a Secret of
// the Service Binding Specification, or for what people offer most, PostgreSQL, Redis and so on.
//
// The library is data: Jsonnet in kinds, a file for each kind of server, to which an operator's
// folder adds. It is evaluated by bindtemplate, with what any bind template sees. What there is
// to be seen is helmsvc/view's.
package bindlibrary
