// Package rig runs the broker as a process of its own, as an operator would,
// and speaks OSBAPI to it, as a platform would. The end-to-end tests, `make
// run` and `make demo` stand on it; the cluster and the Cloud Foundry stand-in
// around the broker are test/cluster's and test/cf's.
package rig
