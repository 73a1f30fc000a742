// Package locate finds what an instance is made from and where it lives: its very
// chart, its cluster, its namespace and release, its policy group and its tenant.
// All of it follows from the record and the catalog.
//
// It changes nothing in a cluster, and leaves to others what is done there.
package locate
