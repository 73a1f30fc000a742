package web

import (
	"net/http"

	"golang.org/x/sync/semaphore"
)

// atMost bounds the requests that are carried out at once, each of which may
// hold a whole body in memory.
func atMost(places *semaphore.Weighted, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !places.TryAcquire(1) {
			w.Header().Set("Retry-After", "5")
			reject(w, http.StatusServiceUnavailable, "the broker is carrying out as many requests as REQUESTS_AT_ONCE allows; try again")
			return
		}
		defer places.Release(1)
		next.ServeHTTP(w, r)
	})
}
