// Package cause tells of what kind the trouble was with which an operation failed, so that
// failures can be counted by few words. It goes by errors' types and never by their text.
package cause
