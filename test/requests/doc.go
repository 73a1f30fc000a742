// Package requests counts what a broker asks of the API server, by a proxy
// between the two: `make bench` and the end-to-end tests stand on it.
package requests
