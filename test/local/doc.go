// Command local runs the broker on this machine with everything around it: a
// Kubernetes cluster, a Cloud Foundry stand-in and the sample charts. It is
// what `make run` and `make demo` call.
//
//	local build   build the control plane, unless it is in the cache
//	local run     start everything and stay until Ctrl-C
//	local demo    start everything, walk through the flow and check each step
//
// However it ends, it leaves neither a process nor a file behind, except the
// control plane's cache. It only puts things together and shows them: the
// cluster, the stand-in and the broker's process are test/cluster's, test/cf's
// and test/rig's.
package main
