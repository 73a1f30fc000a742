// Package inspect is `c2c-cni check`: it looks at one node for what the docs ask
// for, and says of each what is there and, if it isn't right, what to do. It
// changes nothing, but has the node's policy agent poll once, and asks the agent of a
// pod that there isn't, which the agent counts as an error in c2c_cni_answers_total.
package inspect
