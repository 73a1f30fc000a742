package main

import (
	"context"
	"io"
	"log/slog"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/klog/v2"
)

// newLogger returns the agent's log, JSON lines on out, and leads what client-go
// writes into it, but for its verbose levels.
func newLogger(level string, out io.Writer) lager.Logger {
	minimum, err := lager.LogLevelFromString(level)
	if err != nil {
		minimum = lager.INFO // readSettings has refused it already
	}
	log := lager.NewLogger("c2c-cni")
	log.RegisterSink(lager.NewWriterSink(out, minimum))
	klog.SetSlogLogger(slog.New(terse{lager.NewHandler(log.Session("kubernetes-client"))}))
	return log
}

// terse drops what client-go logs at its verbose levels.
type terse struct{ slog.Handler }

func (t terse) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (t terse) WithAttrs(attributes []slog.Attr) slog.Handler {
	return terse{t.Handler.WithAttrs(attributes)}
}

func (t terse) WithGroup(name string) slog.Handler { return terse{t.Handler.WithGroup(name)} }
