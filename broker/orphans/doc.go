// Package orphans compares what Cloud Foundry, the broker's records and the cluster know of
// instances and bindings, and finds what has no counterpart. What is certainly nobody's it
// records as not wanted; the broker that leads undoes that.
package orphans
