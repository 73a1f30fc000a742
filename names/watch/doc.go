// Package watch knows which names lead to which addresses in the namespaces that
// it is told of, one by one or by a rule, right now, and tells of each change.
//
// It watches Services and EndpointSlices of the whole cluster, and keeps little
// of them: two watches, however many namespaces. What names follow from them is
// names' business, and what becomes of them that of whoever is told.
package watch
