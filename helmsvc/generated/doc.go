// Package generated finds what a chart generates, by rendering it twice from the
// same input, and keeps it through updates: a value that differs between the two
// and stands in a Secret is that of the Secret which is there already, and so
// is what else has been made of it.
//
// It knows the texts that were rendered and nothing of clusters: whoever updates
// reads the Secrets.
package generated
