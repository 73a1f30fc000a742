package cf

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// credHub is CredHub as far as service brokers use it: credentials by name, and who may
// do what with them. It enforces permissions, as cf-deployment has it.
type credHub struct {
	now func() time.Time

	mu          sync.Mutex
	credentials map[string]credential // by name in lower case, which CredHub looks for
	permissions []permission
}

type credential struct {
	Type    string          `json:"type"`
	Created time.Time       `json:"version_created_at"`
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Value   json.RawMessage `json:"value"`
}

// permission lets an actor do something with a credential, or with all below a path that
// ends in "/*". It lives apart from the credential.
type permission struct {
	Path       string   `json:"path"`
	Operations []string `json:"operations"`
	Actor      string   `json:"actor"`
	UUID       string   `json:"uuid"`
}

// allOperations are those that permissions name.
var allOperations = []string{"read", "write", "delete", "read_acl", "write_acl"}

func newCredHub(now func() time.Time) *credHub {
	return &credHub{now: now, credentials: map[string]credential{}}
}

// Permit lets a UAA client do these operations, without any all, with what is at or below
// a path of CredHub's, as an operator would.
func (s *Server) Permit(client, path string, operations ...string) {
	if len(operations) == 0 {
		operations = allOperations
	}
	s.credHub.mu.Lock()
	defer s.credHub.mu.Unlock()
	s.credHub.add(permission{Path: path, Operations: operations, Actor: "uaa-client:" + client})
}

// Credentials are the values in CredHub, by their names.
func (s *Server) Credentials() map[string]string {
	s.credHub.mu.Lock()
	defer s.credHub.mu.Unlock()
	all := map[string]string{}
	for c := range maps.Values(s.credHub.credentials) {
		all[c.Name] = string(c.Value)
	}
	return all
}

// ReadCredential is what an actor, "mtls-app:" and an app's GUID say, is answered: the
// newest value of the credential, if it may read that.
func (s *Server) ReadCredential(actor, name string) (value string, ok bool) {
	s.credHub.mu.Lock()
	defer s.credHub.mu.Unlock()
	found, ok := s.credHub.credentials[strings.ToLower(name)]
	return string(found.Value), ok && s.credHub.may(actor, name, "read")
}

// Readers are the actors with a permission, by its path, sorted.
func (s *Server) Readers() map[string][]string {
	s.credHub.mu.Lock()
	defer s.credHub.mu.Unlock()
	all := map[string][]string{}
	for _, p := range s.credHub.permissions {
		all[p.Path] = append(all[p.Path], p.Actor)
	}
	for _, actors := range all {
		slices.Sort(actors)
	}
	return all
}

// may tells whether a permission lets the actor do that: one for the path itself, or for
// all below a part of it.
func (c *credHub) may(actor, path, operation string) bool {
	return slices.ContainsFunc(c.permissions, func(p permission) bool {
		above, wild := strings.CutSuffix(p.Path, "*")
		return p.Actor == actor && (p.Path == path || wild && strings.HasPrefix(path, above)) && slices.Contains(p.Operations, operation)
	})
}

// find is the index of the permission for just this path and actor, or below 0.
func (c *credHub) find(path, actor string) int {
	return slices.IndexFunc(c.permissions, func(p permission) bool { return p.Path == path && p.Actor == actor })
}

func (c *credHub) add(p permission) permission {
	p.UUID = uuid.NewString()
	c.permissions = append(c.permissions, p)
	return p
}

// set keeps a value. There is always a new version, whatever there was.
func (c *credHub) set(name, kind string, value json.RawMessage) credential {
	made := credential{Type: kind, Created: c.now().UTC(), ID: uuid.NewString(), Name: name, Value: value}
	if before, found := c.credentials[strings.ToLower(name)]; found {
		made.Name = before.Name
	}
	c.credentials[strings.ToLower(name)] = made
	return made
}
