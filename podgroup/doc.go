// Package podgroup says which policy group a pod is in, by what stands on it and
// on its namespace. It is rules only, without a client: the broker opens policies to
// groups by them, and the agent of a Silk worker (cni/identity) tells the plugin by
// the same which one to put a pod into.
package podgroup
