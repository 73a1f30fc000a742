// Package lock has mutexes that are told apart by name and waited for with a
// context. They hold within one process: what replicas have to agree on is in
// the records.
package lock
