package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// start runs the parts in the background and serves requests until ctx ends;
// then it lets running requests end, stops the parts and waits for them.
func start(ctx context.Context, s settings, log lager.Logger, server *http.Server, parts ...func(context.Context)) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, part := range parts {
		running.Go(func() { part(working) })
	}
	defer running.Wait()
	defer stop()
	secure := server.TLSConfig != nil
	log.Info("listening", lager.Data{"address": listener.Addr().String(), "tls": secure})
	ended := make(chan error, 1)
	go func() {
		if secure {
			ended <- server.ServeTLS(listener, "", "") // the configuration has the certificate
			return
		}
		ended <- server.Serve(listener)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping", lager.Data{"grace": s.ShutdownTimeout.String()})
	grace, cancel := context.WithTimeout(working, s.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("letting requests end: %w", err)
	}
	return nil
}

// readLimit is how long a client may take to send a request.
const readLimit = 30 * time.Second

func newServer(handler http.Handler, requestLimit time.Duration, secure *tls.Config, log lager.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		TLSConfig:         secure,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       readLimit,
		// It begins before the body, and leaves time to send the answer.
		WriteTimeout:   readLimit + requestLimit + 15*time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       lineLogger(log.Session("http-server")),
	}
}
