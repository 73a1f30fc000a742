// Package worker has the one replica that holds the Lease carry through what the
// records owe: operations, bindings that were put off, and policies that follow.
// What any of it consists of is left to packages instance, binding and access.
package worker
