// Package securitygroup lets apps reach pods by Cloud Foundry's application security
// groups, where cells route to pods: one group for each space and policy group, with
// the addresses and ports of the pods, bound to the space. A group opens to all
// apps of its space.
//
// What a group holds says itself which policies it is there for, so nothing is stored.
// Which policies there have to be, and which pods there are, is left to who calls it.
package securitygroup
