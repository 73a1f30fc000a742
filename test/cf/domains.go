package cf

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Domain is a domain that routes may be in.
type Domain struct {
	Name string
	// Internal: its routes are told to service discovery, and not to the routers.
	Internal bool
	// Org is the name of the organization that it is private to; empty: it is shared.
	Org string

	guid, org string
	created   time.Time
}

// domainResource is https://v3-apidocs.cloudfoundry.org/#the-domain-object.
type domainResource struct {
	resource
	Name               string         `json:"name"`
	Internal           bool           `json:"internal"`
	RouterGroup        *struct{}      `json:"router_group"`
	SupportedProtocols []string       `json:"supported_protocols"`
	Relationships      map[string]any `json:"relationships"`
	Metadata           metadata       `json:"metadata"`
}

// AddDomain makes a domain. Its organization is made unless it exists.
func (s *Server) AddDomain(d Domain) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	if d.Org != "" {
		d.org = s.cc.addOrg(d.Org)
	}
	d.guid, d.created = uuid.NewString(), s.cc.now()
	s.cc.domains = append(s.cc.domains, d)
}

// DeleteDomain deletes the domain of that name, if there is one.
func (s *Server) DeleteDomain(name string) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	s.cc.domains = slices.DeleteFunc(s.cc.domains, func(d Domain) bool { return d.Name == name })
}

// listDomains shows shared domains to everybody, and private ones to who sees their
// organization.
func (s *Server) listDomains(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "guids", "names", "organization_guids")
	if !ok {
		return
	}
	_, spaces := s.cc.places()
	s.cc.mu.Lock()
	domains := slices.Clone(s.cc.domains)
	s.cc.mu.Unlock()
	found := slices.DeleteFunc(domains, func(d Domain) bool {
		return d.org != "" && !seesOrg(caller, d.org, spaces) ||
			!query.has("guids", d.guid) || !query.has("names", d.Name) || !query.has("organization_guids", d.org)
	})
	writePage(w, s.url+r.URL.Path, query, found, s.showDomain)
}

func (s *Server) showDomain(d Domain) domainResource {
	self := s.url + "/v3/domains/" + d.guid
	owner := map[string]any{"data": nil}
	links := map[string]link{"self": {Href: self}, "route_reservations": {Href: self + "/route_reservations"}}
	if d.org != "" {
		owner["data"] = map[string]string{"guid": d.org}
		links["organization"] = link{Href: s.url + "/v3/organizations/" + d.org}
		links["shared_organizations"] = link{Href: self + "/relationships/shared_organizations"}
	}
	return domainResource{
		resource:           resource{GUID: d.guid, CreatedAt: d.created, UpdatedAt: d.created, Links: links},
		Name:               d.Name,
		Internal:           d.Internal,
		SupportedProtocols: []string{"http"},
		Relationships:      map[string]any{"organization": owner, "shared_organizations": map[string]any{"data": []any{}}},
		Metadata:           metadata{Labels: map[string]string{}, Annotations: map[string]string{}},
	}
}
