// Package release makes an instance's release what it is to be, by Helm: install,
// upgrade, rollback, uninstall and, for operators, whichever it takes. What a release
// is in and what is to be done about it is judged in one place (state.go).
//
// Where it lives and in whose name is helmsvc/tenant's business, what it offers
// helmsvc/view's. Which instance exists, and when to try again, is broker's.
package release
