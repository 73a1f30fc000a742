package web

import (
	"math"
	"net/http"
	"strconv"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// refusals are how requests are answered that the door doesn't let in (OSBAPI
// "Platform to Service Broker Authentication"). brokerapi's own wrapper isn't
// used since its answer is neither JSON nor a challenge.
var refusals = map[door.Reason]struct {
	status int
	words  string
}{
	door.Missing: {http.StatusUnauthorized, "there are no credentials: use basic authentication with the broker's SECURITY_USER_NAME and SECURITY_USER_PASSWORD, or with a line of its CREDENTIALS_FILE"},
	door.Wrong:   {http.StatusUnauthorized, "wrong credentials: use the broker's SECURITY_USER_NAME and SECURITY_USER_PASSWORD, or a line of its CREDENTIALS_FILE"},
	door.Slowed: {http.StatusTooManyRequests, "too many wrong passwords came from this address; wait as long as Retry-After says. " +
		"If the broker is behind a proxy that others use too, its operator has to name the proxy in TRUSTED_PROXIES"},
	door.NoCertificate:    {http.StatusForbidden, "a client certificate is needed, from a CA of the broker's TLS_CLIENT_CA_FILE; this connection has none"},
	door.WrongCertificate: {http.StatusForbidden, "this connection's client certificate isn't valid: it has expired, isn't meant for clients, or isn't from a CA that is in the broker's TLS_CLIENT_CA_FILE now"},
}

// authenticate asks for what the door asks for.
func authenticate(d *door.Door, log lager.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refused := d.Admit(r)
		if refused == nil {
			next.ServeHTTP(w, r)
			return
		}
		answer := refusals[refused.Reason]
		switch {
		case answer.status == http.StatusUnauthorized:
			w.Header().Set("WWW-Authenticate", `Basic realm="cf-helm-broker"`)
		case refused.Wait > 0:
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refused.Wait.Seconds()))))
		}
		// The limit on wrong passwords bounds these lines, too.
		if refused.Reason == door.Wrong {
			log.Info("login-failed", lager.Data{"remote-address": d.Address(r).String(), "path": loggedPath(r)})
		}
		reject(w, answer.status, answer.words)
	})
}
