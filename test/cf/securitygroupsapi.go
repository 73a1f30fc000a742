package cf

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// What the cloud controller does is in its app/controllers/v3/security_groups_controller.rb
// and the messages and actions that this one names.

// refusal is why something isn't done.
type refusal struct {
	status int
	detail string
}

func (r *refusal) answer(w http.ResponseWriter) {
	switch r.status {
	case http.StatusForbidden:
		notAuthorized(w)
	case http.StatusNotFound:
		writeCCError(w, r.status, 10010, "CF-ResourceNotFound", r.detail)
	default:
		unprocessable(w, r.detail)
	}
}

type toMany struct {
	Data []relationData `json:"data"`
}

type relationData struct {
	GUID string `json:"guid"`
}

type groupResource struct {
	resource
	Name            string              `json:"name"`
	Rules           []SecurityGroupRule `json:"rules"`
	GloballyEnabled map[string]bool     `json:"globally_enabled"`
	Relationships   map[string]toMany   `json:"relationships"`
}

func (s *Server) listSecurityGroups(w http.ResponseWriter, r *http.Request, caller Client) {
	query, refused := parseQuery(r, "guids", "names", "running_space_guids", "staging_space_guids")
	if refused != "" {
		unprocessable(w, refused) // and not 400, as other lists
		return
	}
	found := slices.DeleteFunc(s.SecurityGroups(), func(g SecurityGroup) bool {
		return !caller.seesGroup(g) || !query.has("guids", g.GUID) || !query.has("names", g.Name) ||
			!query.hasAny("running_space_guids", g.RunningSpaces) || !query.hasAny("staging_space_guids", g.StagingSpaces)
	})
	writePage(w, s.url+r.URL.Path, query, found, func(g SecurityGroup) groupResource { return s.showGroup(g, caller) })
}

func (s *Server) getSecurityGroup(w http.ResponseWriter, r *http.Request, caller Client) {
	g, ok := s.seenGroup(r.PathValue("guid"), caller)
	if !ok {
		(&refusal{404, "Security group not found"}).answer(w)
		return
	}
	writeJSON(w, http.StatusOK, s.showGroup(g, caller))
}

func (s *Server) createSecurityGroup(w http.ResponseWriter, r *http.Request, caller Client) {
	if !caller.has("cloud_controller.admin") {
		notAuthorized(w)
		return
	}
	g, _, ok := s.readGroup(w, r, "name", "rules", "relationships")
	if !ok {
		return
	}
	g, refused := s.cc.insertGroup(g)
	if refused != nil {
		refused.answer(w)
		return
	}
	writeJSON(w, http.StatusCreated, s.showGroup(g, caller))
}

func (c *cloudController) insertGroup(g SecurityGroup) (SecurityGroup, *refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groupNamed(g.Name, "") {
		return g, &refusal{422, fmt.Sprintf("Security group with name '%s' already exists.", g.Name)}
	}
	for _, spaces := range [][]string{g.StagingSpaces, g.RunningSpaces} {
		if absent := c.absentSpaces(spaces); len(absent) > 0 {
			return g, &refusal{422, fmt.Sprintf("Spaces with guids %s do not exist.", quoted(absent))}
		}
	}
	return c.addGroup(g), nil
}

// adminsGroup finds the group that the caller wants to change, else answers why not:
// what it doesn't see isn't there, and only an admin changes anything.
func (s *Server) adminsGroup(w http.ResponseWriter, r *http.Request, caller Client) (SecurityGroup, bool) {
	g, ok := s.seenGroup(r.PathValue("guid"), caller)
	switch {
	case !ok:
		(&refusal{404, "Security group not found"}).answer(w)
	case !caller.has("cloud_controller.admin"):
		notAuthorized(w)
		return g, false
	}
	return g, ok
}

func (s *Server) seenGroup(guid string, caller Client) (SecurityGroup, bool) {
	groups := s.SecurityGroups()
	i := slices.IndexFunc(groups, func(g SecurityGroup) bool { return g.GUID == guid && caller.seesGroup(g) })
	if i < 0 {
		return SecurityGroup{}, false
	}
	return groups[i], true
}

func (s *Server) updateSecurityGroup(w http.ResponseWriter, r *http.Request, caller Client) {
	if _, ok := s.adminsGroup(w, r, caller); !ok {
		return
	}
	read, given, ok := s.readGroup(w, r, "name", "rules")
	if !ok {
		return
	}
	changed, refused := s.cc.changeGroup(r.PathValue("guid"), caller, func(g *SecurityGroup) *refusal {
		if given["name"] != nil {
			g.Name = read.Name
		}
		if given["rules"] != nil {
			g.Rules = read.Rules
		}
		if s.cc.groupNamed(g.Name, g.GUID) {
			return &refusal{422, fmt.Sprintf("Security group with name '%s' already exists.", g.Name)}
		}
		return nil
	})
	if refused != nil {
		refused.answer(w)
		return
	}
	writeJSON(w, http.StatusOK, s.showGroup(changed, caller))
}

func (s *Server) deleteSecurityGroup(w http.ResponseWriter, r *http.Request, caller Client) {
	group, ok := s.adminsGroup(w, r, caller)
	if !ok {
		return
	}
	w.Header().Set("Location", s.url+"/v3/jobs/"+s.cc.addJob("security_group.delete", group.GUID))
	w.WriteHeader(http.StatusAccepted)
}

// bindSecurityGroup serves POST …/relationships/running_spaces and staging_spaces.
func (s *Server) bindSecurityGroup(kind string) ccHandler {
	return func(w http.ResponseWriter, r *http.Request, caller Client) {
		var body toMany
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil || len(body.Data) == 0 {
			unprocessable(w, "Data can't be blank")
			return
		}
		guids := guidsOf(body)
		changed, refused := s.cc.changeGroup(r.PathValue("guid"), caller, func(g *SecurityGroup) *refusal {
			absent := s.cc.absentSpaces(guids)
			if slices.ContainsFunc(guids, func(guid string) bool { return !slices.Contains(absent, guid) && !caller.develops(guid) }) {
				return &refusal{status: 403}
			}
			if len(absent) > 0 {
				return &refusal{422, fmt.Sprintf("Spaces with guids %s do not exist, or you do not have access to them.", quoted(absent))}
			}
			spaces := g.spaces(kind)
			for _, guid := range guids {
				if !slices.Contains(*spaces, guid) {
					*spaces = append(*spaces, guid)
				}
			}
			return nil
		})
		if refused != nil {
			refused.answer(w)
			return
		}
		writeJSON(w, http.StatusOK, relations(*changed.spaces(kind), caller))
	}
}

func (s *Server) unbindSecurityGroup(kind string) ccHandler {
	return func(w http.ResponseWriter, r *http.Request, caller Client) {
		space := r.PathValue("space")
		_, refused := s.cc.changeGroup(r.PathValue("guid"), caller, func(g *SecurityGroup) *refusal {
			if !caller.develops(space) {
				return &refusal{status: 403}
			}
			spaces := g.spaces(kind)
			if !slices.Contains(*spaces, space) {
				return &refusal{422, fmt.Sprintf("Unable to unbind security group from space with guid '%s'. Ensure the space is bound to this security group.", space)}
			}
			*spaces = slices.DeleteFunc(*spaces, func(guid string) bool { return guid == space })
			return nil
		})
		if refused != nil {
			refused.answer(w)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// spaces are those that the group is bound to, "running" or "staging".
func (g *SecurityGroup) spaces(kind string) *[]string {
	if kind == "staging" {
		return &g.StagingSpaces
	}
	return &g.RunningSpaces
}

// readGroup reads the body of a create or an update, else answers what is wrong with
// it. given are the keys that it has.
func (s *Server) readGroup(w http.ResponseWriter, r *http.Request, known ...string) (g SecurityGroup, given map[string]json.RawMessage, ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4*maxBody)).Decode(&given); err != nil {
		writeCCError(w, http.StatusBadRequest, 1001, "CF-MessageParseError", "Request invalid due to parse error: invalid request body")
		return g, nil, false
	}
	var wrong []string
	if unknown := unknownFields(given, append(known, "globally_enabled")...); len(unknown) > 0 {
		wrong = append(wrong, fmt.Sprintf("Unknown field(s): '%s'", strings.Join(unknown, "', '")))
	}
	if given["rules"] != nil {
		wrong = append(wrong, s.rules.wrong(given["rules"])...)
	}
	if name := given["name"]; name != nil && json.Unmarshal(name, &g.Name) != nil {
		wrong = append(wrong, "Name must be a string")
	} else if slices.Contains(known, "relationships") && g.Name == "" {
		wrong = append(wrong, "Name can't be blank")
	}
	if utf8.RuneCountInString(g.Name) > 250 {
		wrong = append(wrong, "Name is too long (maximum is 250 characters)")
	}
	if len(given["rules"]) > 1<<24-1 {
		wrong = append(wrong, fmt.Sprintf("rules length must not exceed %d characters", 1<<24-1))
	}
	if len(wrong) > 0 {
		unprocessable(w, strings.Join(wrong, ", "))
		return g, nil, false
	}
	_ = json.Unmarshal(given["rules"], &g.Rules) // they were found valid
	var related struct {
		Running toMany `json:"running_spaces"`
		Staging toMany `json:"staging_spaces"`
	}
	if given["relationships"] != nil && json.Unmarshal(given["relationships"], &related) != nil {
		unprocessable(w, "Relationships 'relationships' is not an object")
		return g, nil, false
	}
	g.RunningSpaces, g.StagingSpaces = guidsOf(related.Running), guidsOf(related.Staging)
	return g, given, true
}

func guidsOf(related toMany) (guids []string) {
	for _, to := range related.Data {
		guids = append(guids, to.GUID)
	}
	return guids
}

// relations are those of the spaces that the caller sees.
func relations(spaces []string, caller Client) toMany {
	shown := toMany{Data: []relationData{}}
	for _, guid := range spaces {
		if caller.sees(guid) {
			shown.Data = append(shown.Data, relationData{guid})
		}
	}
	return shown
}

func (s *Server) showGroup(g SecurityGroup, caller Client) groupResource {
	return groupResource{
		resource: resource{GUID: g.GUID, CreatedAt: g.created, UpdatedAt: g.updated, Links: map[string]link{
			"self": {Href: s.url + "/v3/security_groups/" + g.GUID},
		}},
		Name:            g.Name,
		Rules:           append([]SecurityGroupRule{}, g.Rules...),
		GloballyEnabled: map[string]bool{"running": false, "staging": false},
		Relationships:   map[string]toMany{"running_spaces": relations(g.RunningSpaces, caller), "staging_spaces": relations(g.StagingSpaces, caller)},
	}
}
