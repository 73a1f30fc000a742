// Package worker makes a node of test/silk one of a Kubernetes cluster: the agent
// c2c-cni as a process on the node, with the rights and the network configuration of
// deploy/silk-worker, whose delegate is test/silk's plugin, and pods that are really on
// the overlay. The node reaches Kubernetes over its own loopback.
package worker
