// Package policy opens and closes container-to-container (C2C) access through
// Cloud Foundry's external policy API: its client, the policies themselves, and
// the placeholder apps that policies may point to.
//
// It knows neither Kubernetes nor service brokers. Which policies a binding
// needs, and that they are recorded before they are posted, is
// broker/access's business.
//
// Of go-cfclient it takes the forms of requests and answers. Its client isn't
// used: it waits for tokens outside the caller's context, swaps its token
// source unlocked on a 401, follows redirects with what it then takes for
// success, and hides the status of a refusal.
package policy
