// Package readiness watches what a release has made until all of it is ready, and
// says in Kubernetes' own words what isn't and why. It judges by kstatus, by what
// the chart's plan says and by what custom resources say of themselves.
//
// It only reads, with the rights that it is given: whose rights those are, what is
// made, and what happens when the wait fails, is its callers' to decide.
package readiness
