package cf

import (
	"maps"
	"net/http"
	"slices"
)

func (s *Server) listOrgs(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "guids", "names")
	if !ok {
		return
	}
	orgs, spaces := s.cc.places()
	found := slices.DeleteFunc(orgs, func(o place) bool {
		return !seesOrg(caller, o.guid, spaces) || !query.has("guids", o.guid) || !query.has("names", o.name)
	})
	writePage(w, s.url+r.URL.Path, query, found, s.showOrg)
}

func (s *Server) getOrg(w http.ResponseWriter, r *http.Request, caller Client) {
	orgs, spaces := s.cc.places()
	i := slices.IndexFunc(orgs, func(o place) bool { return o.guid == r.PathValue("guid") })
	if i < 0 || !seesOrg(caller, orgs[i].guid, spaces) {
		notFound(w, "Organization")
		return
	}
	writeJSON(w, http.StatusOK, s.showOrg(orgs[i]))
}

func (s *Server) listSpaces(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "guids", "names", "organization_guids")
	if !ok {
		return
	}
	_, spaces := s.cc.places()
	found := slices.DeleteFunc(spaces, func(p place) bool {
		return !caller.sees(p.guid) || !query.has("guids", p.guid) || !query.has("names", p.name) ||
			!query.has("organization_guids", p.org)
	})
	writePage(w, s.url+r.URL.Path, query, found, s.showSpace)
}

func (s *Server) getSpace(w http.ResponseWriter, r *http.Request, caller Client) {
	space, ok := s.cc.space(r.PathValue("guid"))
	if !ok || !caller.sees(space.guid) {
		notFound(w, "Space")
		return
	}
	writeJSON(w, http.StatusOK, s.showSpace(space))
}

// DeleteSpace deletes a space with its apps, if it is there, as cf delete-space.
func (s *Server) DeleteSpace(guid string) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	s.cc.spaces = slices.DeleteFunc(s.cc.spaces, func(p place) bool { return p.guid == guid })
	s.cc.forgetSpace(guid)
	maps.DeleteFunc(s.cc.apps, func(_ string, a App) bool { return a.Space == guid })
}

func seesOrg(caller Client, org string, spaces []place) bool {
	return caller.seesAll() || slices.ContainsFunc(spaces, func(p place) bool { return p.org == org && caller.sees(p.guid) })
}

// places are copies of the organizations and the spaces, oldest first.
func (c *cloudController) places() (orgs, spaces []place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.orgs), slices.Clone(c.spaces)
}

func (c *cloudController) space(guid string) (place, bool) {
	_, spaces := c.places()
	i := slices.IndexFunc(spaces, func(p place) bool { return p.guid == guid })
	if i < 0 {
		return place{}, false
	}
	return spaces[i], true
}

// orgOf is the GUID of a space's organization, empty for a space that isn't there.
func (c *cloudController) orgOf(space string) string {
	found, _ := c.space(space)
	return found.org
}
