package web

import (
	"context"
	"net/http"
	"time"
)

// deadline ends the context of a request that has taken too long: one hanging
// call to Kubernetes must not hold up the platform, which breaks off after
// 60 s and then cleans up.
func deadline(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
