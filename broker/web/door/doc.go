// Package door decides who may come in: basic authentication with credentials
// that can be changed while the broker runs, client certificates, and a limit
// on the wrong passwords that an address may send.
//
// What it is told by files it reads again when they change. It answers
// nothing; that is web's business.
package door
