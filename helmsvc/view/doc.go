// Package view is what an instance offers: its Secrets, Services, ready pods and
// their endpoints, as a binding and its template see them, and what of that changes
// while nobody asks.
//
// It only reads. Whether an endpoint is opened, and for whom, is policy's; what has
// been made, and by which release, is told by helmsvc/history.
package view
