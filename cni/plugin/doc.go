// Package plugin is what a container runtime calls: a CNI plugin that asks its
// node's agent for a pod's policy group, writes that into the metadata as Silk's
// plugins want it, and has a delegate do the rest.
//
// It follows the CNI specification 1.1: ADD, DEL, CHECK, STATUS, GC and VERSION.
// Who knows the group is cni/socket's other end; running the delegate is
// cni/delegate's business, remembering what was begun cni/attachment's.
package plugin
