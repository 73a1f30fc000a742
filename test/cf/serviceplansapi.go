package cf

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

// What the cloud controller does is in its app/controllers/v3/service_plan_visibility_controller.rb
// and the messages and actions that this one names.

type offeringResource struct {
	resource
	Name          string           `json:"name"`
	Description   string           `json:"description"`
	Available     bool             `json:"available"`
	BrokerCatalog map[string]any   `json:"broker_catalog"`
	Relationships map[string]toOne `json:"relationships"`
	Metadata      metadata         `json:"metadata"`
}

type planResource struct {
	resource
	Name            string           `json:"name"`
	Description     string           `json:"description"`
	VisibilityType  string           `json:"visibility_type"`
	Available       bool             `json:"available"`
	Free            bool             `json:"free"`
	MaintenanceInfo map[string]any   `json:"maintenance_info"`
	BrokerCatalog   map[string]any   `json:"broker_catalog"`
	Relationships   map[string]toOne `json:"relationships"`
	Metadata        metadata         `json:"metadata"`
}

func (s *Server) listOfferings(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "names", "available", "broker_catalog_ids", "service_broker_guids", "service_broker_names", "space_guids", "organization_guids")
	if !ok {
		return
	}
	s.cc.mu.Lock()
	all := slices.Clone(s.cc.offerings)
	s.cc.mu.Unlock()
	found := slices.DeleteFunc(all, func(o offering) bool {
		return !caller.seesAll() || !query.has("names", o.name) || !query.has("service_broker_guids", o.broker) || !query.has("broker_catalog_ids", o.catalogID)
	})
	writePage(w, s.url+r.URL.Path, query, found, func(o offering) offeringResource {
		return offeringResource{
			resource: resource{GUID: o.guid, CreatedAt: o.created, UpdatedAt: o.created, Links: map[string]link{"self": {Href: s.url + "/v3/service_offerings/" + o.guid}}},
			Name:     o.name, Description: o.description, Available: o.available,
			BrokerCatalog: map[string]any{"id": o.catalogID}, Relationships: map[string]toOne{"service_broker": relation(o.broker)},
			Metadata: metadata{Labels: map[string]string{}, Annotations: map[string]string{}},
		}
	})
}

// visibilityType is as the cloud controller's models/services/service_plan.rb has it.
func (p ServicePlan) visibilityType() string {
	switch {
	case p.Public:
		return "public"
	case len(p.orgs) > 0:
		return "organization"
	}
	return "admin"
}

func (s *Server) showPlan(p ServicePlan) planResource {
	self := s.url + "/v3/service_plans/" + p.GUID
	return planResource{
		resource: resource{GUID: p.GUID, CreatedAt: p.created, UpdatedAt: p.updated, Links: map[string]link{
			"self": {Href: self}, "visibility": {Href: self + "/visibility"}, "service_offering": {Href: s.url + "/v3/service_offerings/" + p.offering},
		}},
		Name: p.Name, Description: p.description, VisibilityType: p.visibilityType(), Available: p.Available, Free: p.free,
		MaintenanceInfo: notNilMap(p.maintenance), BrokerCatalog: map[string]any{"id": p.CatalogID},
		Relationships: map[string]toOne{"service_offering": relation(p.offering)},
		Metadata:      metadata{Labels: map[string]string{}, Annotations: map[string]string{}},
	}
}

func notNilMap(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func (s *Server) listPlans(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "names", "available", "broker_catalog_ids", "service_broker_guids", "service_broker_names",
		"service_offering_guids", "service_offering_names", "organization_guids", "space_guids", "service_instance_guids")
	if !ok {
		return
	}
	s.cc.mu.Lock()
	found := slices.DeleteFunc(slices.Clone(s.cc.plans), func(p ServicePlan) bool {
		return !caller.seesAll() || !query.has("names", p.Name) || !query.has("service_broker_guids", s.cc.brokerOf(p)) ||
			!query.has("broker_catalog_ids", p.CatalogID) || !query.has("service_offering_names", p.Offering) || !query.has("service_offering_guids", p.offering)
	})
	s.cc.mu.Unlock()
	writePage(w, s.url+r.URL.Path, query, found, s.showPlan)
}

type visibility struct {
	Type          string `json:"type"`
	Organizations []struct {
		GUID string `json:"guid"`
		Name string `json:"name,omitempty"`
	} `json:"organizations,omitempty"`
}

// seenPlan finds the plan that a request names, else answers that it isn't there.
// It wants mu held.
func (s *Server) seenPlan(w http.ResponseWriter, r *http.Request, caller Client) *ServicePlan {
	i := slices.IndexFunc(s.cc.plans, func(p ServicePlan) bool { return p.GUID == r.PathValue("guid") })
	if i < 0 || !caller.seesAll() && !s.cc.plans[i].Public {
		writeCCError(w, http.StatusNotFound, 10010, "CF-ResourceNotFound", "Service plan not found")
		return nil
	}
	return &s.cc.plans[i]
}

func (s *Server) getVisibility(w http.ResponseWriter, r *http.Request, caller Client) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	if p := s.seenPlan(w, r, caller); p != nil {
		writeJSON(w, http.StatusOK, s.cc.visibility(*p))
	}
}

// visibility wants mu held.
func (c *cloudController) visibility(p ServicePlan) (v visibility) {
	v.Type = p.visibilityType()
	for _, o := range c.orgs {
		if slices.Contains(p.orgs, o.guid) {
			v.Organizations = append(v.Organizations, struct {
				GUID string `json:"guid"`
				Name string `json:"name,omitempty"`
			}{o.guid, o.name})
		}
	}
	return v
}

func (s *Server) updateVisibility(w http.ResponseWriter, r *http.Request, caller Client) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	p := s.seenPlan(w, r, caller)
	if p == nil {
		return
	}
	if !caller.has("cloud_controller.admin") {
		notAuthorized(w)
		return
	}
	var wanted visibility
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&wanted); err != nil {
		writeCCError(w, http.StatusBadRequest, 1001, "CF-MessageParseError", "Request invalid due to parse error: invalid request body")
		return
	}
	if wrong := wanted.wrong(); wrong != "" {
		writeCCError(w, http.StatusBadRequest, 1004, "CF-BadRequest", "Bad request: "+wrong)
		return
	}
	var orgs []string
	for _, o := range wanted.Organizations {
		if !slices.ContainsFunc(s.cc.orgs, func(have place) bool { return have.guid == o.GUID }) {
			writeCCError(w, http.StatusBadRequest, 1002, "CF-InvalidRelation", "Could not find Organization with guid: "+o.GUID)
			return
		}
		orgs = append(orgs, o.GUID)
	}
	p.Public, p.orgs = wanted.Type == "public", orgs
	writeJSON(w, http.StatusOK, s.cc.visibility(*p))
}

func (v visibility) wrong() string {
	switch {
	case !slices.Contains([]string{"public", "admin", "organization"}, v.Type):
		return "Type must be one of 'public', 'admin', 'organization'"
	case v.Type == "organization" && len(v.Organizations) == 0:
		return "Organizations can't be blank"
	case v.Type != "organization" && len(v.Organizations) > 0:
		return "Organizations must be blank"
	}
	return ""
}

type instanceResource struct {
	resource
	Name          string           `json:"name"`
	Type          string           `json:"type"`
	Relationships map[string]toOne `json:"relationships"`
}

func (s *Server) listServiceInstances(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "guids", "names", "type", "space_guids", "organization_guids", "service_plan_guids", "service_plan_names")
	if !ok {
		return
	}
	s.cc.mu.Lock()
	plans := maps.Clone(s.cc.instances)
	s.cc.mu.Unlock()
	found := slices.DeleteFunc(slices.Sorted(maps.Keys(plans)), func(guid string) bool {
		return !caller.seesAll() || !query.has("guids", guid) || !query.has("service_plan_guids", plans[guid])
	})
	writePage(w, s.url+r.URL.Path, query, found, func(guid string) instanceResource {
		return instanceResource{
			resource: resource{GUID: guid, CreatedAt: time.Time{}, UpdatedAt: time.Time{}, Links: map[string]link{"self": {Href: s.url + "/v3/service_instances/" + guid}}},
			Name:     guid, Type: "managed", Relationships: map[string]toOne{"service_plan": relation(plans[guid])},
		}
	})
}

type bindingResource struct {
	resource
	Type          string           `json:"type"`
	Relationships map[string]toOne `json:"relationships"`
}

func (s *Server) listServiceBindings(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "guids", "names", "type", "service_instance_guids", "service_plan_guids", "app_guids")
	if !ok {
		return
	}
	s.cc.mu.Lock()
	plans, instances := maps.Clone(s.cc.instances), maps.Clone(s.cc.bindings)
	s.cc.mu.Unlock()
	found := slices.DeleteFunc(slices.Sorted(maps.Keys(instances)), func(guid string) bool {
		return !caller.seesAll() || !query.has("guids", guid) || !query.has("service_plan_guids", plans[instances[guid]]) || !query.has("service_instance_guids", instances[guid])
	})
	writePage(w, s.url+r.URL.Path, query, found, func(guid string) bindingResource {
		return bindingResource{
			resource: resource{GUID: guid, Links: map[string]link{"self": {Href: s.url + "/v3/service_credential_bindings/" + guid}}},
			Type:     "app", Relationships: map[string]toOne{"service_instance": relation(instances[guid])},
		}
	})
}
