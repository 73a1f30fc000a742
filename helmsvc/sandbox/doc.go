// Package sandbox does bounded work in processes of its own: this program,
// started again, works on one task after the other and is ended when one takes
// more processor time or memory than it may, or when nobody waits for it any
// more. So neither can take the broker with it.
//
// It knows nothing of the tasks. What isn't the broker's own, a template say,
// can do nothing in a sandbox that it couldn't do in the broker: this is about
// what it uses up.
package sandbox
