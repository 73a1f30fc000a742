// Package chartcheck tells a chart's author, without a cluster, what the
// broker would make of the chart: whether each plan renders and fits the
// schema, which objects it makes, which credentials an app would get and which
// ports bind would open.
//
// The cluster is made up from the rendered manifests: every pod is Ready, has
// an address of its own, and Services have the fields that the API server
// fills in. What controllers, hooks and lookups would add isn't seen. The rules
// for values, credentials and ports are those of helmsvc and its packages;
// reading arguments and printing to a terminal are cmd/broker's.
package chartcheck
