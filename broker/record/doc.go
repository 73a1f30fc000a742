// Package record keeps service instances and bindings in Kubernetes, which is
// the broker's only database: each is one Secret in the broker's own
// namespace, since parameters and credentials are secrets.
//
// Creating a record is the atomic claim on its id; every change is guarded by
// the resourceVersion that was read. Reads come from a watch's cache unless
// their name says Live. What the records' states mean is broker/access's
// business.
package record
