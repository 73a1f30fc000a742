// Package manifest is what a chart renders: its objects, judged by their text.
//
// It asks no cluster.
package manifest
