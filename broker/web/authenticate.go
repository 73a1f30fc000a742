package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// authenticate asks for basic authentication (OSBAPI "Platform to Service
// Broker Authentication"). brokerapi's own wrapper isn't used since its answer
// is neither JSON nor a challenge.
func authenticate(username, password string, next http.Handler) http.Handler {
	wantUser, wantPassword := sha256.Sum256([]byte(username)), sha256.Sum256([]byte(password))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		// Digests are of one length: the comparison tells nothing by its time.
		haveUser, havePassword := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(pass))
		right := subtle.ConstantTimeCompare(wantUser[:], haveUser[:]) & subtle.ConstantTimeCompare(wantPassword[:], havePassword[:])
		if right != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="cf-helm-broker"`)
			reject(w, http.StatusUnauthorized, "wrong or missing credentials: use basic authentication with the broker's SECURITY_USER_NAME and SECURITY_USER_PASSWORD")
			return
		}
		next.ServeHTTP(w, r)
	})
}
