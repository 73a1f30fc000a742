// Package orphans compares what Cloud Foundry, the broker's records and the cluster know of
// instances and bindings, and finds what has no counterpart. It changes nothing.
package orphans
