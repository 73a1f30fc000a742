// Package policy has the policies that let apps reach policy groups, and what
// enforces them, as an interface: CF's policy API in c2c, Kubernetes' NetworkPolicies in
// networkpolicy, CF's application security groups in securitygroup.
//
// It knows neither Kubernetes nor service brokers. Which policies a binding
// needs, and that they are recorded before they are posted, is
// broker/access's business.
package policy
