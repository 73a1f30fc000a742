// Package networkpolicy makes policies true by Kubernetes' own NetworkPolicies, where
// apps are pods of a cluster, or come from known addresses. Whichever network plugin
// there is has to enforce them.
//
// For a policy there is an object on each side that is denied without one: where the
// apps are it lets them out, where the instance is it lets them in. Pods that nothing
// isolates are left so: a NetworkPolicy would cut them off from everything else.
//
// It knows neither instances nor bindings: what is at the ends of a policy it asks
// Ends. That an instance's namespace is closed by default is helmsvc/tenant's business.
package networkpolicy
