// Package render renders charts in a sandbox: what a chart's templates make of
// its values is bounded in processor time, memory and size, whatever they hold.
//
// It knows Helm's template engine and nothing of installing. What templates
// look up in the cluster is asked of the process that waits, which decides what
// they may see.
package render
