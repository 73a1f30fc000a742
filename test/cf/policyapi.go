package cf

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const maxBody = 10 << 20 // bytes, the policy server's MAX_REQ_BODY_SIZE

// policyHandler serves a request of an authorized client.
type policyHandler func(w http.ResponseWriter, r *http.Request, caller Client)

func (s *Server) routePolicies(mux *http.ServeMux) {
	const external = "/networking/{version}/external"
	mux.HandleFunc("GET "+external+"/policies", s.allow(s.listPolicies, networkAdmin, networkWrite))
	mux.HandleFunc("POST "+external+"/policies", s.allow(s.createPolicies, networkAdmin, networkWrite))
	mux.HandleFunc("POST "+external+"/policies/delete", s.allow(s.deletePolicies, networkAdmin, networkWrite))
	mux.HandleFunc("POST "+external+"/policies/cleanup", s.allow(s.cleanupPolicies, networkAdmin))
	mux.HandleFunc("GET "+external+"/tags", s.allow(s.listTags, networkAdmin))
}

func (s *Server) listPolicies(w http.ResponseWriter, r *http.Request, caller Client) {
	found, err := s.visible(r.Context(), caller, s.policies.where(matching(r.URL.Query())))
	if err != nil {
		writePolicyError(w, http.StatusInternalServerError, "filter policies failed")
		return
	}
	writePolicyAnswer(w, newPayload(found))
}

func (s *Server) createPolicies(w http.ResponseWriter, r *http.Request, caller Client) {
	policies, ok := s.readPolicies(w, r, caller, "failed reading request body")
	if !ok {
		return
	}
	if !s.withinQuota(caller, policies) {
		writePolicyError(w, http.StatusForbidden, "policy quota exceeded")
		return
	}
	if err := s.policies.write(Create, caller.ID, policies); err != nil {
		writePolicyError(w, http.StatusInternalServerError, "database create failed")
		return
	}
	writePolicyAnswer(w, struct{}{})
}

func (s *Server) deletePolicies(w http.ResponseWriter, r *http.Request, caller Client) {
	policies, ok := s.readPolicies(w, r, caller, "invalid request body")
	if !ok {
		return
	}
	if err := s.policies.write(Delete, caller.ID, policies); err != nil {
		writePolicyError(w, http.StatusInternalServerError, "database delete failed")
		return
	}
	writePolicyAnswer(w, struct{}{})
}

// readPolicies reads what both writes take and answers the request if it must be
// refused: a body that can't be read, isn't valid, or names apps out of reach.
func (s *Server) readPolicies(w http.ResponseWriter, r *http.Request, caller Client, unread string) ([]Policy, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writePolicyError(w, http.StatusBadRequest, unread)
		return nil, false
	}
	policies, err := decodePolicies(body)
	if err != nil {
		writePolicyError(w, http.StatusBadRequest, fmt.Sprintf("mapper: %s", err))
		return nil, false
	}
	reachable, err := s.mayChange(r.Context(), caller, policies)
	if err != nil {
		writePolicyError(w, http.StatusInternalServerError, "check access failed")
		return nil, false
	}
	if !reachable {
		writePolicyError(w, http.StatusForbidden, "one or more applications cannot be found or accessed")
		return nil, false
	}
	return policies, true
}

func (s *Server) cleanupPolicies(w http.ResponseWriter, r *http.Request, caller Client) {
	deleted, err := s.cleanup(r.Context(), caller.ID)
	if err != nil {
		writePolicyError(w, http.StatusInternalServerError, "policies cleanup failed")
		return
	}
	writePolicyAnswer(w, newPayload(deleted))
}

func (s *Server) listTags(w http.ResponseWriter, _ *http.Request, _ Client) {
	writePolicyAnswer(w, map[string][]tag{"tags": s.policies.allTags()})
}

// writePolicyAnswer sets no Content-Type, as the policy server: net/http then
// says text/plain.
func writePolicyAnswer(w http.ResponseWriter, body any) {
	answer, err := json.Marshal(body)
	if err != nil {
		writePolicyError(w, http.StatusInternalServerError, "map policy as bytes failed")
		return
	}
	_, _ = w.Write(answer) // fails only when the client has gone
}

// writePolicyError puts the message between quotes as it is, as the policy
// server: one that holds a quote makes the body invalid JSON.
func writePolicyError(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"error": "%s"}`, message)
}
