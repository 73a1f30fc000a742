package main

import (
	"io"
	stdlog "log"
	"strings"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/logging"
)

// newLogger returns the broker's log, JSON lines on out, and leads what
// libraries write on their own into it.
func newLogger(level string, out io.Writer) lager.Logger {
	// Helm prints values that it can't merge into Go's own log.
	stdlog.SetOutput(io.Discard)
	return logging.New("cf-helm-broker", level, out)
}

// lineLogger makes a logger for libraries that want one of Go's.
func lineLogger(log lager.Logger) *stdlog.Logger { return stdlog.New(lines{log}, "", 0) }

// lines logs each line that is written to it.
type lines struct{ log lager.Logger }

func (l lines) Write(text []byte) (int, error) {
	l.log.Info("message", lager.Data{"text": strings.TrimSpace(string(text))})
	return len(text), nil
}
