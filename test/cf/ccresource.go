package cf

import "time"

// resource is what every resource of the cloud controller has.
type resource struct {
	GUID      string          `json:"guid"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Links     map[string]link `json:"links"`
}

type metadata struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type toOne struct {
	Data struct {
		GUID string `json:"guid"`
	} `json:"data"`
}

func relation(guid string) (to toOne) {
	to.Data.GUID = guid
	return to
}

type appResource struct {
	resource
	Name          string           `json:"name"`
	State         string           `json:"state"`
	Lifecycle     map[string]any   `json:"lifecycle"`
	Relationships map[string]toOne `json:"relationships"`
	Metadata      metadata         `json:"metadata"`
}

type placeResource struct {
	resource
	Name          string           `json:"name"`
	Suspended     *bool            `json:"suspended,omitempty"`
	Relationships map[string]toOne `json:"relationships"`
	Metadata      metadata         `json:"metadata"`
}

type jobResource struct {
	resource
	Operation string    `json:"operation"`
	State     string    `json:"state"`
	Errors    []ccError `json:"errors"`
	Warnings  []ccError `json:"warnings"`
}

func (s *Server) showApp(a App) appResource {
	self := s.url + "/v3/apps/" + a.GUID
	return appResource{
		resource: resource{GUID: a.GUID, CreatedAt: a.created, UpdatedAt: a.updated, Links: map[string]link{
			"self":  {Href: self},
			"space": {Href: s.url + "/v3/spaces/" + a.Space},
			"start": {Href: self + "/actions/start", Method: "POST"},
			"stop":  {Href: self + "/actions/stop", Method: "POST"},
		}},
		Name:          a.Name,
		State:         a.State,
		Lifecycle:     map[string]any{"type": "buildpack", "data": map[string]any{"buildpacks": []string{}, "stack": "cflinuxfs4"}},
		Relationships: map[string]toOne{"space": relation(a.Space)},
		Metadata:      metadata{Labels: a.Labels, Annotations: a.Annotations},
	}
}

func (s *Server) showOrg(p place) placeResource {
	shown := s.showPlace("/v3/organizations/", p)
	shown.Suspended = new(bool)
	return shown
}

func (s *Server) showSpace(p place) placeResource {
	shown := s.showPlace("/v3/spaces/", p)
	shown.Relationships["organization"] = relation(p.org)
	shown.Links["organization"] = link{Href: s.url + "/v3/organizations/" + p.org}
	return shown
}

func (s *Server) showPlace(path string, p place) placeResource {
	return placeResource{
		resource: resource{GUID: p.guid, CreatedAt: p.created, UpdatedAt: p.created, Links: map[string]link{
			"self": {Href: s.url + path + p.guid},
		}},
		Name:          p.name,
		Relationships: map[string]toOne{},
		Metadata:      metadata{Labels: map[string]string{}, Annotations: map[string]string{}},
	}
}
