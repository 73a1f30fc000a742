package main

import (
	"context"
	"io"
	stdlog "log"
	"log/slog"
	"strings"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/klog/v2"
)

// newLogger returns the broker's log, JSON lines on out, and leads what
// libraries write on their own into it.
func newLogger(level string, out io.Writer) lager.Logger {
	minimum, err := lager.LogLevelFromString(level)
	if err != nil {
		minimum = lager.INFO // readSettings has refused it already
	}
	log := lager.NewLogger("cf-helm-broker")
	log.RegisterSink(lager.NewWriterSink(out, minimum))
	klog.SetSlogLogger(slog.New(terse{lager.NewHandler(log.Session("kubernetes-client"))}))
	// Helm prints values that it can't merge into Go's own log.
	stdlog.SetOutput(io.Discard)
	return log
}

// lineLogger makes a logger for libraries that want one of Go's.
func lineLogger(log lager.Logger) *stdlog.Logger { return stdlog.New(lines{log}, "", 0) }

// lines logs each line that is written to it.
type lines struct{ log lager.Logger }

func (l lines) Write(text []byte) (int, error) {
	l.log.Info("message", lager.Data{"text": strings.TrimSpace(string(text))})
	return len(text), nil
}

// terse drops what client-go logs at its verbose levels: those hold whole
// requests and answers, Secrets included. lager's handler takes every level.
type terse struct{ slog.Handler }

func (t terse) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (t terse) WithAttrs(attributes []slog.Attr) slog.Handler {
	return terse{t.Handler.WithAttrs(attributes)}
}

func (t terse) WithGroup(name string) slog.Handler { return terse{t.Handler.WithGroup(name)} }
