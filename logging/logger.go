package logging

import (
	"context"
	"io"
	"log/slog"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/klog/v2"
)

// New returns a program's logger, JSON lines on out from level on (debug, info, error
// or fatal; anything else is info), and leads what client-go writes into it. That is
// the whole process's: the last logger has it.
func New(name, level string, out io.Writer) lager.Logger {
	minimum, err := lager.LogLevelFromString(level)
	if err != nil {
		minimum = lager.INFO // settings with another have been refused already
	}
	log := lager.NewLogger(name)
	log.RegisterSink(lager.NewWriterSink(out, minimum))
	klog.SetSlogLogger(slog.New(terse{lager.NewHandler(log.Session("kubernetes-client"))}))
	return log
}

// terse drops what client-go logs at its verbose levels: those hold whole
// requests and answers, Secrets included. lager's handler takes every level.
type terse struct{ slog.Handler }

func (t terse) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (t terse) WithAttrs(attributes []slog.Attr) slog.Handler {
	return terse{t.Handler.WithAttrs(attributes)}
}

func (t terse) WithGroup(name string) slog.Handler { return terse{t.Handler.WithGroup(name)} }
