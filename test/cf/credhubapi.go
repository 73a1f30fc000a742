package cf

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// What CredHub says (its ErrorMessages).
const (
	noCredential   = "The request could not be completed because the credential does not exist or you do not have sufficient authorization."
	noPermission   = "The request could not be completed because the permission does not exist or you do not have sufficient authorization."
	unknownUUID    = "The request includes a permission that does not exist."
	permissionThat = "A permission entry for this actor and path already exists. Please use PUT to update the permission entry."
	ownPermission  = "Modification of access control for the authenticated user is not allowed. Please contact an administrator."
	otherType      = "The credential type cannot be modified. Please delete the credential if you wish to create it with a different type."
	badType        = "The request does not include a valid type. Valid values include 'value', 'json', 'password', 'user', 'certificate', 'ssh' and 'rsa'."
	badName        = "Credential names may only include alpha, numeric, hyphen, underscore, and forward-slash characters. Please update and retry your request."
	badSlash       = "A credential name cannot end with a '/' character or contain '//'. Credential names should be in the form of /[path]/[name] or [path]/[name]. Please update and retry your request."
	badRequest     = "The request could not be fulfilled because the request path or body did not meet expectation. Please check the documentation for required formatting and retry your request."
	tooLarge       = "Value exceeds the maximum size."
)

// maxCredential is the size of a credential: https://docs.cloudfoundry.org/api/credhub/,
// "Each credential has a maximum size of 64 KB".
const maxCredential = 64 << 10

var credentialName = regexp.MustCompile(`^[a-zA-Z0-9-_/.:,()\[\]+]*$`)

// routeCredHub offers of CredHub's API what service brokers use.
func (s *Server) routeCredHub(mux *http.ServeMux) {
	mux.HandleFunc("GET /credhub/info", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"auth-server": map[string]string{"url": s.url + "/uaa"}, "app": map[string]string{"name": "CredHub"}})
	})
	mux.HandleFunc("PUT /credhub/api/v1/data", s.inCredHub(s.setCredential))
	mux.HandleFunc("GET /credhub/api/v1/data", s.inCredHub(s.findCredentials))
	mux.HandleFunc("DELETE /credhub/api/v1/data", s.inCredHub(s.deleteCredential))
	mux.HandleFunc("POST /credhub/api/v2/permissions", s.inCredHub(s.addPermission))
	mux.HandleFunc("GET /credhub/api/v2/permissions", s.inCredHub(s.findPermission))
	mux.HandleFunc("DELETE /credhub/api/v2/permissions/{guid}", s.inCredHub(s.deletePermission))
}

// inCredHub lets those in whose token has both scopes, and has the handler hold CredHub.
func (s *Server) inCredHub(handle func(w http.ResponseWriter, r *http.Request, actor string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		caller, ok := s.checkToken(r.Context(), bearer(r.Header.Get("Authorization")))
		switch {
		case r.Header.Get("Authorization") == "":
			writeUAAError(w, http.StatusUnauthorized, "access_denied", "Full authentication is required to access this resource")
			return
		case !ok:
			writeUAAError(w, http.StatusUnauthorized, "invalid_token", "An error occurred while attempting to decode the Jwt")
			return
		case !caller.has("credhub.read") || !caller.has("credhub.write"):
			w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope"`)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		s.credHub.mu.Lock()
		defer s.credHub.mu.Unlock()
		handle(w, r, "uaa-client:"+caller.ID)
	}
}

func writeCredHubError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]string{"error": message})
}

func (s *Server) setCredential(w http.ResponseWriter, r *http.Request, actor string) {
	var asked struct {
		Name, Type string
		Value      json.RawMessage
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&asked); err != nil || len(asked.Value) == 0 {
		writeCredHubError(w, http.StatusBadRequest, badRequest)
		return
	}
	name := slashed(asked.Name)
	before, found := s.credHub.credentials[strings.ToLower(name)]
	switch {
	case !slices.Contains([]string{"value", "json", "password", "user", "certificate", "ssh", "rsa"}, asked.Type):
		writeCredHubError(w, http.StatusBadRequest, badType)
	case strings.Contains(name, "//") || strings.HasSuffix(name, "/"):
		writeCredHubError(w, http.StatusBadRequest, badSlash)
	case !credentialName.MatchString(name):
		writeCredHubError(w, http.StatusBadRequest, badName)
	case !s.credHub.may(actor, name, "write"):
		writeCredHubError(w, http.StatusForbidden, noCredential)
	case found && before.Type != asked.Type:
		writeCredHubError(w, http.StatusBadRequest, otherType)
	case len(asked.Value) > maxCredential:
		writeCredHubError(w, http.StatusRequestEntityTooLarge, tooLarge)
	default:
		writeJSON(w, http.StatusOK, s.credHub.set(name, asked.Type, asked.Value))
	}
}

// findCredentials lists the names below a path, of those that the caller may read.
func (s *Server) findCredentials(w http.ResponseWriter, r *http.Request, actor string) {
	if !r.URL.Query().Has("path") {
		writeCredHubError(w, http.StatusBadRequest, "only ?path= is offered here")
		return
	}
	below := strings.ToLower(strings.TrimSuffix(slashed(r.URL.Query().Get("path")), "/") + "/")
	found := []map[string]any{}
	for lower, c := range s.credHub.credentials {
		if strings.HasPrefix(lower, below) && s.credHub.may(actor, c.Name, "read") {
			found = append(found, map[string]any{"name": c.Name, "version_created_at": c.Created})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"credentials": found})
}

// deleteCredential leaves the permissions of the path as they are.
func (s *Server) deleteCredential(w http.ResponseWriter, r *http.Request, actor string) {
	name := slashed(r.URL.Query().Get("name"))
	if _, found := s.credHub.credentials[strings.ToLower(name)]; !found || !s.credHub.may(actor, name, "delete") {
		writeCredHubError(w, http.StatusNotFound, noCredential)
		return
	}
	delete(s.credHub.credentials, strings.ToLower(name))
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) addPermission(w http.ResponseWriter, r *http.Request, actor string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var asked permission
	if err != nil || json.Unmarshal(body, &asked) != nil || asked.Actor == "" || asked.Path == "" || len(asked.Operations) == 0 {
		writeCredHubError(w, http.StatusBadRequest, badRequest)
		return
	}
	asked.Path = slashed(asked.Path)
	switch {
	case slices.ContainsFunc(asked.Operations, func(o string) bool { return !slices.Contains(allOperations, o) }):
		writeCredHubError(w, http.StatusUnprocessableEntity, "The provided operation is not supported. Valid values include read, write, delete, read_acl, and write_acl.")
	case !s.credHub.may(actor, asked.Path, "write_acl"):
		writeCredHubError(w, http.StatusNotFound, noCredential)
	case asked.Actor == actor:
		writeCredHubError(w, http.StatusBadRequest, ownPermission)
	case s.credHub.find(asked.Path, asked.Actor) >= 0:
		writeCredHubError(w, http.StatusConflict, permissionThat)
	default:
		writeJSON(w, http.StatusCreated, s.credHub.add(asked))
	}
}

func (s *Server) findPermission(w http.ResponseWriter, r *http.Request, actor string) {
	path := slashed(r.URL.Query().Get("path"))
	found := s.credHub.find(path, r.URL.Query().Get("actor"))
	if found < 0 || !s.credHub.may(actor, path, "read_acl") {
		writeCredHubError(w, http.StatusNotFound, noPermission)
		return
	}
	writeJSON(w, http.StatusOK, s.credHub.permissions[found])
}

func (s *Server) deletePermission(w http.ResponseWriter, r *http.Request, actor string) {
	found := slices.IndexFunc(s.credHub.permissions, func(p permission) bool { return p.UUID == r.PathValue("guid") })
	switch {
	case found < 0 || !s.credHub.may(actor, s.credHub.permissions[found].Path, "write_acl"):
		writeCredHubError(w, http.StatusNotFound, unknownUUID)
	case s.credHub.permissions[found].Actor == actor:
		writeCredHubError(w, http.StatusBadRequest, ownPermission)
	default:
		gone := s.credHub.permissions[found]
		s.credHub.permissions = slices.Delete(s.credHub.permissions, found, found+1)
		writeJSON(w, http.StatusOK, gone)
	}
}

// slashed has the slash that CredHub puts before names and paths without one.
func slashed(name string) string { return "/" + strings.TrimPrefix(name, "/") }

func failCredHub(w http.ResponseWriter, status int) {
	switch status {
	case http.StatusUnauthorized:
		writeUAAError(w, status, "invalid_token", "An error occurred while attempting to decode the Jwt")
	case http.StatusForbidden:
		writeCredHubError(w, status, noCredential)
	default:
		writeCredHubError(w, status, "An application error occurred. Please contact your CredHub administrator.")
	}
}
