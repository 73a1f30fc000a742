package cf

import "net/http"

type link struct {
	Href   string `json:"href"`
	Method string `json:"method,omitempty"`
	Meta   any    `json:"meta,omitempty"`
}

// serveRoot answers with the links of Cloud Foundry's global API root, those of
// parts that aren't here null as on a real one:
// https://v3-apidocs.cloudfoundry.org/#global-api-root
func (s *Server) serveRoot(w http.ResponseWriter, _ *http.Request) {
	version := map[string]string{"version": "3.180.0"}
	writeJSON(w, http.StatusOK, map[string]any{"links": map[string]*link{
		"self":                {Href: s.url},
		"cloud_controller_v2": nil,
		"cloud_controller_v3": {Href: s.url + "/v3", Meta: version},
		"network_policy_v0":   {Href: s.url + "/networking/v0/external"},
		"network_policy_v1":   {Href: s.url + "/networking/v1/external"},
		"login":               {Href: s.url + "/uaa"},
		"uaa":                 {Href: s.url + "/uaa"},
		"credhub":             nil,
		"routing":             nil,
		"logging":             nil,
		"log_cache":           nil,
		"log_stream":          nil,
		"app_ssh":             nil,
	}})
}

// serveV3Root answers with the links of the cloud controller's v3 API.
func (s *Server) serveV3Root(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"links": map[string]link{
		"self":          {Href: s.url + "/v3"},
		"apps":          {Href: s.url + "/v3/apps"},
		"organizations": {Href: s.url + "/v3/organizations"},
		"spaces":        {Href: s.url + "/v3/spaces"},
	}})
}
