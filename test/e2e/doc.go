// Package e2e drives a running broker process over HTTP, against a real
// Kubernetes API server (test/cluster) and the Cloud Foundry stand-in
// (test/cf), as a platform would, and looks at what it leaves in both.
package e2e
