// Package orphans compares the service instances of Cloud Foundry with those that the
// broker has records of, and says which have no counterpart. It changes nothing.
package orphans
