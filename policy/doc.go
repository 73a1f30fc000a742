// Package policy opens and closes container-to-container (C2C) access through
// Cloud Foundry's external policy API: its client and the policies
// themselves.
//
// It knows neither Kubernetes nor service brokers. Which policies a binding
// needs, and that they are recorded before they are posted, is
// broker/operation's business.
package policy
