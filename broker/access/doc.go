// Package access has the policies of bindings be what their records say: a bind
// opens, an unbind closes, and both stay so whatever becomes of requests, replicas
// and the policy server. Credentials that CredHub keeps come and go in the same way.
//
// state.go has what becomes of a binding by what happens to it, as a table that
// needs no cluster; converge.go carries that out, in one way for all; rounds.go and
// follow.go see to it again and again while a replica leads. What a binding hands
// out is package binding's business.
package access
