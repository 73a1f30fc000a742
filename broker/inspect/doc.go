// Package inspect is what an operator can ask and do about service instances
// from a process of its own, beside the running broker: it reads the records
// and the cluster, and it changes nothing but records. What it writes the
// running broker sees by its watch, as it sees what other replicas write.
//
// It reads no catalog and speaks to no policy server, so that it works with
// nothing but access to the broker's cluster.
package inspect
