// Package history is a release's records, as Helm keeps them in its namespace. Who
// acts as the instance can write them, so only what Helm can use is there, and no
// more of it than may be held.
//
// What a record's state means is for others to judge.
package history
