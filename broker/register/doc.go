// Package register makes the broker known to Cloud Foundry: it is a service broker
// there with the catalog of now, and organizations find the plans that plans.yaml lets
// them find. What Cloud Foundry has beyond that is replaced, so that the next time
// nothing is left to do.
package register
