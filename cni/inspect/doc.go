// Package inspect is `c2c-cni check`: it looks at one node for what the docs ask
// for, and says of each what is there and, if it isn't right, what to do. It
// changes nothing.
package inspect
