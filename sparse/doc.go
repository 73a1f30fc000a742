// Package sparse watches kinds of objects in a whole cluster and keeps little of
// them: of those that matter what is looked at, and of all others their names. What
// matters, and what follows from it, is left to who watches.
package sparse
