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

// partsGrace is how long the parts may take to end once they are told to. What
// is being written then is finished by whoever reads the records next.
const partsGrace = 5 * time.Second

// errHanging says that a part didn't end in time. The process must.
var errHanging = fmt.Errorf("something was still being worked on %s after it was told to end", partsGrace)

// start runs the parts in the background and serves requests until ctx ends;
// then it lets running requests end, for as long as SHUTDOWN_TIMEOUT says,
// stops the parts and waits for them. The error is errHanging if one of them
// goes on all the same.
func start(ctx context.Context, s settings, log lager.Logger, server *http.Server, parts ...func(context.Context)) (err error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, part := range parts {
		running.Go(func() { part(working) })
	}
	defer func() {
		stop()
		err = errors.Join(err, awaitParts(&running))
	}()
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

func awaitParts(running *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(partsGrace):
		return errHanging
	}
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
