// Package pollnow has the node's policy agent ask for policies at once and not with
// its next poll, which comes every 5 s. Several wishes at a time are one poll. When
// it is wished for is others' business.
package pollnow
