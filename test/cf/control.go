package cf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// routeControl offers what the package's Go methods do to another process: see
// the package's documentation.
func (s *Server) routeControl(mux *http.ServeMux) {
	mux.HandleFunc("GET /_standin/policies", s.controlPolicies)
	mux.HandleFunc("POST /_standin/policies", s.controlAddPolicies)
	mux.HandleFunc("DELETE /_standin/policies", s.controlDeletePolicies)
	mux.HandleFunc("POST /_standin/cleanup", s.controlCleanup)
	mux.HandleFunc("GET /_standin/apps", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Apps()) })
	mux.HandleFunc("PUT /_standin/apps/{guid}", s.controlAddApp)
	mux.HandleFunc("DELETE /_standin/apps/{guid}", func(w http.ResponseWriter, r *http.Request) {
		s.DeleteApp(r.PathValue("guid"))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_standin/faults", s.controlFault)
	mux.HandleFunc("DELETE /_standin/faults", s.controlClear)
	mux.HandleFunc("GET /_standin/requests", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Requests()) })
	mux.HandleFunc("GET /_standin/writes", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Writes()) })
	mux.HandleFunc(elsewhere, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Sign in</title><p>Sign in to continue.</p>")
	})
}

func (s *Server) controlPolicies(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, newPayload(s.Policies()))
}

func (s *Server) controlAddPolicies(w http.ResponseWriter, r *http.Request) {
	policies, err := controlBody(w, r)
	if err == nil {
		err = s.AddPolicies(policies...)
	}
	controlAnswer(w, http.StatusBadRequest, err)
}

func (s *Server) controlDeletePolicies(w http.ResponseWriter, r *http.Request) {
	policies, err := controlBody(w, r)
	if err == nil {
		s.DeletePolicies(policies...)
	}
	controlAnswer(w, http.StatusBadRequest, err)
}

func controlBody(w http.ResponseWriter, r *http.Request) ([]Policy, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("reading the policies: %w", err)
	}
	return decodePolicies(body)
}

func (s *Server) controlCleanup(w http.ResponseWriter, r *http.Request) {
	deleted, err := s.cleanup(r.Context(), "")
	if err != nil {
		controlAnswer(w, http.StatusBadGateway, err)
		return
	}
	writeJSON(w, http.StatusOK, newPayload(deleted))
}

func (s *Server) controlAddApp(w http.ResponseWriter, r *http.Request) {
	var app App
	if err := decodeControl(w, r, &app); err != nil && !errors.Is(err, io.EOF) {
		controlAnswer(w, http.StatusBadRequest, err)
		return
	}
	app.GUID = r.PathValue("guid")
	writeJSON(w, http.StatusOK, s.AddApp(app))
}

// controlFault sets a fault from JSON, with the delay as Go writes it: "1.5s".
func (s *Server) controlFault(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Part  Part   `json:"part"`
		Kind  Kind   `json:"kind"`
		Delay string `json:"delay"`
		Times int    `json:"times"`
		Route string `json:"route"`
	}
	if err := decodeControl(w, r, &request); err != nil {
		controlAnswer(w, http.StatusBadRequest, err)
		return
	}
	fault := Fault{Kind: request.Kind, Times: request.Times, Route: request.Route}
	var err error
	switch {
	case !slices.Contains(allParts, request.Part):
		err = fmt.Errorf("unknown part %q: one of %q", request.Part, allParts)
	case !slices.Contains(allKinds, request.Kind):
		err = fmt.Errorf("unknown kind %q: one of %q", request.Kind, allKinds)
	case request.Times < 0:
		err = errors.New("times must not be negative: 0 is until cleared")
	case request.Delay != "":
		fault.Delay, err = time.ParseDuration(request.Delay)
	}
	if err == nil {
		s.Fault(request.Part, fault)
	}
	controlAnswer(w, http.StatusBadRequest, err)
}

func (s *Server) controlClear(w http.ResponseWriter, r *http.Request) {
	part := Part(r.URL.Query().Get("part"))
	switch {
	case part == "":
		s.Clear()
	case slices.Contains(allParts, part):
		s.Clear(part)
	default:
		controlAnswer(w, http.StatusBadRequest, fmt.Errorf("unknown part %q: one of %q", part, allParts))
		return
	}
	controlAnswer(w, http.StatusBadRequest, nil)
}

// decodeControl decodes a body and refuses what it doesn't know, so that a
// misspelt field isn't lost.
func decodeControl(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return nil
}

// controlAnswer is 204 without an error, else the status and the error.
func controlAnswer(w http.ResponseWriter, status int, err error) {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, status, map[string]string{"error": err.Error()})
}
