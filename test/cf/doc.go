// Package cf is a Cloud Foundry for tests and demonstrations: one HTTP server on
// the loopback interface that offers the five parts of Cloud Foundry which the
// broker talks to.
//
//	part        below                 what it does
//	APIRoot     /                     service discovery: the links to the other parts
//	UAA         /uaa                  client_credentials tokens that expire
//	CC          /v3                   apps, spaces, organizations, domains, security groups, service brokers, jobs
//	PolicyAPI   /networking           the external network policy API, version v1
//	CredHub     /credhub              credentials by name, and who may do what with them
//
// The policy API follows cf-networking-release's policy server: its routes,
// scopes, order of checks, messages and leniency. The contract suite in
// contract_test.go states each of these facts once and can be pointed at a real
// Cloud Foundry to see whether they still hold there. The cloud controller and
// UAA are only as deep as the broker's use of them: they reject what they don't
// know instead of ignoring it. CredHub follows its code
// (cloudfoundry/credhub, 2026): statuses, words, permissions that are enforced; apps, who
// come with certificates, read by Server.ReadCredential.
//
// Beside these, the policy API's internal list is there for policy agents (see
// routeInternal), without the real one's certificates.
//
// What it leaves out: staging and running apps, users, the policy API's version
// v0 (answered like any unknown version), and enforcement. A policy here is a
// record; whether packets pass shows in test/silk, and on a real Silk overlay.
//
// # Faults
//
// Each part can be made to fail (see Fault), for the next n requests or until
// cleared. Since the policy server asks UAA about every token, and the cloud
// controller about apps, faults of those parts show in the policy API as they
// do in a real one.
//
// # Control route
//
// What a test does through Go, a person or another process does below
// /_standin, without a token:
//
//	GET    /_standin/policies      the policies, sorted
//	POST   /_standin/policies      add policies behind every client's back
//	DELETE /_standin/policies      remove policies behind every client's back
//	POST   /_standin/cleanup       what the policy server does once an hour
//	GET    /_standin/apps          the apps
//	PUT    /_standin/apps/{guid}   add a live app: {"name":"…","state":"STOPPED"}, or no body
//	DELETE /_standin/apps/{guid}   delete it
//	POST   /_standin/faults        {"part":"policy","kind":"slow","delay":"2s","times":3}
//	DELETE /_standin/faults        clear them all, or one part's with ?part=policy
//	GET    /_standin/requests      how often each route was called
//	GET    /_standin/writes        the accepted policy writes, in order
package cf
