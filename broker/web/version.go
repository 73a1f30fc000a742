package web

import (
	"net/http"
	"regexp"
)

var anyVersion2 = regexp.MustCompile(`^2\.[0-9]+$`)

// checkVersion wants version 2 of the API (OSBAPI "API Version Header").
// brokerapi's own check has a body without the field "description".
func checkVersion(next http.Handler) http.Handler {
	const header = "X-Broker-API-Version"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch version := r.Header.Get(header); {
		case version == "":
			reject(w, http.StatusPreconditionFailed, "the header "+header+" is missing; it has to be such as 2.17")
		case !anyVersion2.MatchString(version):
			reject(w, http.StatusPreconditionFailed, "the header "+header+" has to be such as 2.17; this broker speaks version 2")
		default:
			next.ServeHTTP(w, r)
		}
	})
}
