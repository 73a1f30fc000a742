// Package tenant is where an instance lives and in whose name it acts: its
// namespace, account and rights, what keeps it apart from others and small, its
// pull Secret, and what becomes of its volumes.
//
// What is made in the namespace is the business of others. Who may reach the pods
// is policy's.
package tenant
