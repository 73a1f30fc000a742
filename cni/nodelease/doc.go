// Package nodelease has the broker know since when a node's policies have been polled: a
// Lease of the node's own holds the last mark that a poll has come after. What a mark is,
// and having polls made, is others' business.
package nodelease
