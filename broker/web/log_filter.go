package web

import (
	"errors"
	"net/http"

	"code.cloudfoundry.org/lager/v3"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"
)

// secretKeys are the data that brokerapi's handlers log whole, parameters and
// credentials included. lager's own redaction knows only keys such as
// "password", not what a chart calls its secrets.
var secretKeys = []string{"instance-details", "bind-details", "response"}

// Quiet returns a logger for brokerapi that writes to log without the data
// that may hold secrets, and the rest cut to a length.
func Quiet(log lager.Logger) lager.Logger {
	quiet := lager.NewLogger("osbapi")
	quiet.RegisterSink(quietSink{log})
	return quiet
}

type quietSink struct{ log lager.Logger }

func (s quietSink) Log(entry lager.LogFormat) {
	data := cleanData(entry.Data)
	for _, key := range secretKeys {
		delete(data, key)
	}
	switch {
	case entry.LogLevel < lager.ERROR, clientsFault(entry.Error):
		s.log.Debug(entry.Message, data)
	default:
		s.log.Error(entry.Message, cleanError(entry.Error), data)
	}
}

// clientsFault tells whether the error is an answer that blames the request,
// such as 410 for what is gone: the request's own line says enough of it.
func clientsFault(err error) bool {
	var answer *apiresponses.FailureResponse
	return errors.As(err, &answer) && answer.ValidatedStatusCode(nil) < http.StatusInternalServerError
}
