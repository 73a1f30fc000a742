// Package naming has the names of instances that apps are bound to be found in Cloud
// Foundry's service discovery: it tells names/watch which namespaces have live
// bindings, and names/publish what becomes of them. It also looks whether Cloud
// Foundry has a domain of its own where the names are. Which names there are is names'
// business, and that credentials hold them package binding's.
package naming
