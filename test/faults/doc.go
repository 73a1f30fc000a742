// Package faults breaks the broker and what it stands on, and looks at what is
// left. Its tests end a running broker at every single write that it sends to
// Kubernetes or to Cloud Foundry, and run a storm of operations under random
// kills and outages. After each they compare the truths: what was acknowledged
// and handed out, the records, the releases with their namespaces and what they
// have outside, the policies, and the memory that the brokers took. What brokers
// do to policies is also watched in passing.
//
//	file      what it is
//	gate      the only way from a broker to the API servers; it counts the writes and strikes at the n-th
//	replica   a broker process that is started again whenever it dies
//	world     the replicas, Cloud Foundry, and the model of what was acknowledged
//	platform  Cloud Foundry's side: repeat what was cut off, poll, or give up and clean up
//	truths    the comparison
//	outside   what instances have outside their namespaces: ClusterRoles, volumes
//	watch     access as it comes and goes, while operations run
//	sweep     each kind of operation, cut at each of its writes
//	storm     many operations at once, random kills, outages of both API servers
//
// FAULTS=long, as in `make test-faults`, also cuts before each write and with
// two replicas, and makes the storm longer. FAULT_SEED repeats a storm's
// choices.
package faults
