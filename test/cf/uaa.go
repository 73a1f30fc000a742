package cf

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	networkAdmin = "network.admin"
	networkWrite = "network.write"
)

// Client is a UAA client with the grant type client_credentials.
type Client struct {
	ID, Secret string
	// Authorities are the scopes of its tokens.
	Authorities []string
	// Spaces are the GUIDs of the spaces in which it is a SpaceDeveloper.
	Spaces []string
}

func (c Client) has(authorities ...string) bool {
	return slices.ContainsFunc(authorities, func(a string) bool { return slices.Contains(c.Authorities, a) })
}

// uaa knows clients by their ids and the tokens that it gave them.
type uaa struct {
	life time.Duration
	now  func() time.Time

	mu      sync.Mutex
	clients map[string]Client
	tokens  map[string]token
}

type token struct {
	client  Client
	expires time.Time
}

func newUAA(life time.Duration, now func() time.Time) *uaa {
	return &uaa{life: life, now: now, clients: map[string]Client{}, tokens: map[string]token{}}
}

// AddClient makes a client known to UAA, or replaces the one with its ID. Tokens
// that it has stay as they are.
func (s *Server) AddClient(client Client) {
	s.uaa.mu.Lock()
	defer s.uaa.mu.Unlock()
	s.uaa.clients[client.ID] = client
}

// authenticate finds the client with this id and secret.
func (u *uaa) authenticate(id, secret string) (Client, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	client, ok := u.clients[id]
	return client, ok && client.Secret == secret
}

// issue makes an opaque token, good from now for the tokens' life.
func (u *uaa) issue(client Client) string {
	name := rand.Text()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tokens[name] = token{client: client, expires: u.now().Add(u.life)}
	return name
}

// check finds the client of a token that has not expired.
func (u *uaa) check(name string) (Client, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	t, ok := u.tokens[name]
	if !ok || !u.now().Before(t.expires) {
		delete(u.tokens, name)
		return Client{}, false
	}
	return t.client, true
}

// serveToken grants client_credentials tokens, to a client that shows its
// credentials in the Authorization header or in the form:
// https://docs.cloudfoundry.org/api/uaa/#client-credentials-grant
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		writeUAAError(w, http.StatusBadRequest, "invalid_request", "The form can not be read")
		return
	}
	id, secret, ok := credentials(r)
	if !ok {
		writeUAAError(w, http.StatusUnauthorized, "unauthorized", "Full authentication is required to access this resource")
		return
	}
	client, ok := s.uaa.authenticate(id, secret)
	if !ok {
		writeUAAError(w, http.StatusUnauthorized, "unauthorized", "Bad credentials")
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		writeUAAError(w, http.StatusBadRequest, "unsupported_grant_type", "Only client_credentials is offered here")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": s.uaa.issue(client),
		"token_type":   "bearer",
		"expires_in":   int(s.uaa.life.Seconds()),
		"scope":        strings.Join(client.Authorities, " "),
		"jti":          rand.Text(),
	})
}

// credentials are the client's id and secret. Both stand percent-encoded in the
// Authorization header: RFC 6749, section 2.3.1.
func credentials(r *http.Request) (id, secret string, ok bool) {
	if id, secret, ok = r.BasicAuth(); !ok {
		return r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"), r.PostForm.Has("client_secret")
	}
	id, errID := url.QueryUnescape(id)
	secret, errSecret := url.QueryUnescape(secret)
	return id, secret, errID == nil && errSecret == nil
}

func writeUAAError(w http.ResponseWriter, status int, code, description string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="UAA/client", error="`+code+`", error_description="`+description+`"`)
	}
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}
