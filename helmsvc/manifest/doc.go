// Package manifest is what a chart renders: its objects, read, judged and changed
// before they are made. What makes pods, what takes ports of nodes, what lies
// outside its namespace, which kinds it brings, what an update would delete, and
// whether anything will ever serve, are told by the text alone.
//
// It asks no cluster. What a cluster serves and holds, and what is to come of a
// judgement, is helmsvc's business.
package manifest
