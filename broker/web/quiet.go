package web

import (
	"maps"

	"code.cloudfoundry.org/lager/v3"
)

// secretKeys are the data that brokerapi's handlers log whole, parameters and
// credentials included. lager's own redaction knows only keys such as
// "password", not what a chart calls its secrets.
var secretKeys = []string{"instance-details", "bind-details", "response"}

// Quiet returns a logger for brokerapi that writes to log without the data
// that may hold secrets.
func Quiet(log lager.Logger) lager.Logger {
	quiet := lager.NewLogger("osbapi")
	quiet.RegisterSink(quietSink{log})
	return quiet
}

type quietSink struct{ log lager.Logger }

func (s quietSink) Log(entry lager.LogFormat) {
	data := maps.Clone(entry.Data)
	for _, key := range secretKeys {
		delete(data, key)
	}
	switch entry.LogLevel {
	case lager.ERROR, lager.FATAL:
		s.log.Error(entry.Message, entry.Error, data)
	default:
		s.log.Debug(entry.Message, data)
	}
}
