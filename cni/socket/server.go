package socket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Agent is who answers.
type Agent interface {
	// Belongs says where a pod belongs; the error reaches the pod's events.
	Belongs(ctx context.Context, pod Pod) (podgroup.Membership, error)
	// Status says whether pods may be started.
	Status() Status
}

const (
	// patience is how long one answer may take; the plugin waits a little longer.
	patience = 10 * time.Second
	// mostAtOnce is how many are answered at a time: more than a node starts pods.
	mostAtOnce = 64
)

// Listen opens the socket for root alone, in the place of one that is there: an
// agent that is replaced goes on answering whom it has accepted.
func Listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the socket's folder: %w", err)
	}
	// A name that is short: a socket's path has 107 bytes at most.
	fresh := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%d", os.Getpid()))
	_ = os.Remove(fresh)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listening at %s: %w", path, err)
	}
	listener.SetUnlinkOnClose(false)
	err = os.Chmod(fresh, 0o600)
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		_ = listener.Close()
		_ = os.Remove(fresh)
		return nil, fmt.Errorf("listening at %s: %w", path, err)
	}
	return listener, nil
}

// Serve answers until ctx ends.
func Serve(ctx context.Context, listener net.Listener, agent Agent) error {
	server := &http.Server{
		Handler: handler(agent), ReadTimeout: patience, WriteTimeout: 2 * patience, IdleTimeout: patience, MaxHeaderBytes: mostBody,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("answering plugins: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return server.Shutdown(grace)
}

func handler(agent Agent) http.Handler {
	mux := http.NewServeMux()
	turns := make(chan struct{}, mostAtOnce)
	mux.HandleFunc("POST "+podPath, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
		case <-ctx.Done():
			say(w, http.StatusServiceUnavailable, answer{Error: "the node's agent has too much to answer; Kubernetes tries again"})
			return
		}
		member, err := about(ctx, agent, http.MaxBytesReader(w, r.Body, mostBody))
		if err != nil {
			say(w, http.StatusServiceUnavailable, answer{Error: err.Error()})
			return
		}
		say(w, http.StatusOK, answer{Membership: member})
	})
	mux.HandleFunc("GET "+statusPath, func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, agent.Status()) })
	return mux
}

func about(ctx context.Context, agent Agent, body interface{ Read([]byte) (int, error) }) (podgroup.Membership, error) {
	var pod Pod
	if err := json.NewDecoder(body).Decode(&pod); err != nil {
		return podgroup.Membership{}, fmt.Errorf("the node's agent can't read the question: %w", err)
	}
	if pod.Namespace == "" || pod.Name == "" {
		return podgroup.Membership{}, errors.New("the question to the node's agent names no pod")
	}
	return agent.Belongs(ctx, pod)
}

func say(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what)
}
