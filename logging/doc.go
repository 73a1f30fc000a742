// Package logging makes a program's logger: JSON lines, and what client-go writes on
// its own led into them. Go's own log, and what is logged, is the program's business.
package logging
