// Package ends tells networks what is at the ends of a policy, from the records: which
// space an app is in, where a policy group's pods are, and their addresses. A policy
// itself names two GUIDs, and Silk needs no more.
//
// What becomes of that is left to the rooms of policy, and which policies there are
// to broker/access.
package ends
