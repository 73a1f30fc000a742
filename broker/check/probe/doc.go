// Package probe is what the pods of `broker check --network` do: one listens, and the other
// connects to it again and again and tells at its end what came of that. What that says of the
// network is left to broker/check.
package probe
