package main

import (
	"fmt"
	"io"
)

// progress tells people what is going on.
type progress struct{ io.Writer }

func (p progress) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p, format+"\n", args...) // what can't be written is lost
}
