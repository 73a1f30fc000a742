// Package contract has what every policy.Enforcer must keep to, as a test that each
// network's own tests run against what enforces it.
package contract
