// Package upgrade brings instances to the version of their chart that the running
// broker offers: some first, the canaries, and the others only once these have
// succeeded.
//
// It asks the running broker, by the requests that Cloud Foundry sends for `cf
// upgrade-service` (OSBAPI "Updating a Service Instance", maintenance_info): so each
// upgrade is checked, kept and rolled back as a developer's is, under the locks of the
// process that holds them. It keeps no state: what is at the version already is left
// alone, so that a second run goes on where the first one stopped. Reading the records is
// left to whoever calls.
package upgrade
