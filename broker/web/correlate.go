package web

import (
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// correlationHeader is the first that brokerapi looks for.
const correlationHeader = "X-Correlation-ID"

// identityHeader is the platform's id of a request, to be sent back (OSBAPI
// "Request Identity").
const identityHeader = "X-Broker-API-Request-Identity"

// requestIDHeaders are where platforms put an id of their own.
var requestIDHeaders = []string{correlationHeader, "X-Vcap-Request-Id", "X-Request-ID", identityHeader}

var plainID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,100}$`)

// correlate gives each request an id, the platform's if it is a plain one,
// and logs the request under it.
func correlate(d *door.Door, log lager.Logger, next http.Handler) http.Handler {
	log = log.Session("http")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := correlationID(r.Header)
		r.Header.Set(correlationHeader, id)
		w.Header().Set(correlationHeader, id)
		if identity := r.Header.Get(identityHeader); identity != "" && len(identity) <= longestID {
			w.Header().Set(identityHeader, identity)
		}
		started := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		log.Info("request", requestData(r, id, recorder.status, time.Since(started)), lager.Data{"remote-address": d.Address(r).String()})
	})
}

func requestData(r *http.Request, id string, status int, took time.Duration) lager.Data {
	data := lager.Data{
		"correlation-id": id,
		"method":         short(r.Method),
		"path":           loggedPath(r),
		"status":         status,
		"seconds":        took.Seconds(),
	}
	if who := originatingIdentity(r.Header); who != nil {
		data["originating-identity"] = who
	}
	if request := r.Header.Get(identityHeader); request != "" {
		data["request-identity"] = short(request)
	}
	return data
}

func correlationID(header http.Header) string {
	for _, name := range requestIDHeaders {
		if id := header.Get(name); plainID.MatchString(id) {
			return id
		}
	}
	return uuid.NewString()
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// recoverPanic answers 500 where a handler panics, instead of breaking the
// connection off.
func recoverPanic(log lager.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if cause := recover(); cause != nil {
				// The cause itself might quote a secret; the stack can't.
				log.Error("panic", nil, lager.Data{"correlation-id": r.Header.Get(correlationHeader), "stack": string(debug.Stack())})
				reject(w, http.StatusInternalServerError, "the broker made a mistake; its operator finds it in the log under correlation id "+r.Header.Get(correlationHeader))
			}
		}()
		next.ServeHTTP(w, r)
	})
}
