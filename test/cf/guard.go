package cf

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// allow lets a handler serve version v1 of the API for clients with one of the
// scopes. The version is checked before the token, the token before the scope.
func (s *Server) allow(handle policyHandler, scopes ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if version := r.PathValue("version"); version != "v1" {
			writePolicyError(w, http.StatusNotAcceptable, fmt.Sprintf("api version '%s' not supported", version))
			return
		}
		authorization, ok := r.Header["Authorization"]
		if !ok {
			unauthorized(w, "missing authorization header")
			return
		}
		caller, ok := s.checkToken(r.Context(), bearer(authorization[0]))
		if !ok {
			unauthorized(w, "failed to verify token with uaa")
			return
		}
		if !caller.has(scopes...) {
			writePolicyError(w, http.StatusForbidden,
				fmt.Sprintf("provided scopes %s do not include allowed scopes %s", caller.Authorities, scopes))
			return
		}
		handle(w, r, caller)
	}
}

func unauthorized(w http.ResponseWriter, message string) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	writePolicyError(w, http.StatusUnauthorized, message)
}

func bearer(authorization string) string {
	return strings.TrimPrefix(strings.TrimPrefix(authorization, "Bearer "), "bearer ")
}

// checkToken asks UAA about a token: a UAA that fails is no different from a
// token that is wrong.
func (s *Server) checkToken(ctx context.Context, token string) (Client, bool) {
	if err := s.faults.internal(ctx, UAA, "POST /uaa/check_token"); err != nil {
		return Client{}, false
	}
	return s.uaa.check(token)
}

// askCC is what every question of the policy server to the cloud controller
// goes through: a token of its own, then the call.
func (s *Server) askCC(ctx context.Context, route string) error {
	if err := s.faults.internal(ctx, UAA, "POST /uaa/oauth/token"); err != nil {
		return fmt.Errorf("getting token: %w", err)
	}
	return s.faults.internal(ctx, CC, route)
}

// mayChange says whether the caller may write these policies: always with
// network.admin, else if it is a SpaceDeveloper wherever an end is an app. Ends
// that aren't apps have no space and don't count.
func (s *Server) mayChange(ctx context.Context, caller Client, policies []Policy) (bool, error) {
	if caller.has(networkAdmin) {
		return true, nil
	}
	if err := s.askCC(ctx, "GET /v3/apps"); err != nil {
		return false, fmt.Errorf("getting space guids: %w", err)
	}
	for _, id := range ids(policies) {
		app, live := s.cc.app(id)
		if live && !slices.Contains(caller.Spaces, app.Space) {
			return false, nil
		}
	}
	return true, nil
}

// visible are the policies that the caller may see: all with network.admin, else
// those whose both ends are apps in spaces where it is a SpaceDeveloper.
func (s *Server) visible(ctx context.Context, caller Client, policies []Policy) ([]Policy, error) {
	if caller.has(networkAdmin) {
		return policies, nil
	}
	if err := s.askCC(ctx, "GET /v3/apps"); err != nil {
		return nil, fmt.Errorf("getting app spaces: %w", err)
	}
	within := func(id string) bool {
		app, live := s.cc.app(id)
		return live && slices.Contains(caller.Spaces, app.Space)
	}
	hidden := func(p Policy) bool { return !within(p.Source.ID) || !within(p.Destination.ID) }
	return slices.DeleteFunc(policies, hidden), nil
}

// withinQuota says whether each end, as a source, stays within the quota with
// what it has and what is asked for. A policy that is there already counts again.
func (s *Server) withinQuota(caller Client, policies []Policy) bool {
	if caller.has(networkAdmin) {
		return true
	}
	asked := map[string]int{}
	for _, p := range policies {
		asked[p.Source.ID]++
	}
	for _, id := range ids(policies) {
		existing := s.policies.where(func(p Policy) bool { return p.Source.ID == id })
		if len(existing)+asked[id] > s.quota {
			return false
		}
	}
	return true
}
