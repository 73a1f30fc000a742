package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// TestStop stops a server with a request that doesn't end and a part that
// doesn't either: the process goes all the same.
func TestStop(t *testing.T) {
	settings := settings{Host: "127.0.0.1", ShutdownTimeout: 50 * time.Millisecond}
	hanging := make(chan struct{})
	defer close(hanging)
	for name, c := range map[string]struct {
		part func(context.Context)
		want error
	}{
		"a part that ends":           {func(ctx context.Context) { <-ctx.Done() }, nil},
		"a part that doesn't listen": {func(context.Context) { <-hanging }, errHanging},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := start(ctx, settings, lager.NewLogger("test"), &http.Server{ReadHeaderTimeout: time.Second}, c.part); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}
