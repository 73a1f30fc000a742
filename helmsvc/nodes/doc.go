// Package nodes tells which nodes of an instance have looked for policies since its
// namespace was marked, by the Leases that the agents of Silk workers keep, and how many
// of these agents lag. Marking is helmsvc/tenant's business.
package nodes
