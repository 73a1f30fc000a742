package cf

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// What the cloud controller does is in its app/controllers/v3/service_brokers_controller.rb
// and the messages, actions and jobs that this one names.

func (s *Server) routeServices(mux *http.ServeMux) {
	mux.HandleFunc("GET /v3/service_brokers", s.reads(s.listBrokers))
	mux.HandleFunc("POST /v3/service_brokers", s.writes(s.createBroker))
	mux.HandleFunc("GET /v3/service_brokers/{guid}", s.reads(s.getBroker))
	mux.HandleFunc("PATCH /v3/service_brokers/{guid}", s.writes(s.updateBroker))
	mux.HandleFunc("DELETE /v3/service_brokers/{guid}", s.writes(s.deleteBroker))
	mux.HandleFunc("GET /v3/service_offerings", s.reads(s.listOfferings))
	mux.HandleFunc("GET /v3/service_plans", s.reads(s.listPlans))
	mux.HandleFunc("GET /v3/service_plans/{guid}/visibility", s.reads(s.getVisibility))
	mux.HandleFunc("PATCH /v3/service_plans/{guid}/visibility", s.writes(s.updateVisibility))
	mux.HandleFunc("GET /v3/service_instances", s.reads(s.listServiceInstances))
	mux.HandleFunc("GET /v3/service_credential_bindings", s.reads(s.listServiceBindings))
}

type brokerResource struct {
	resource
	Name          string           `json:"name"`
	URL           string           `json:"url"`
	Relationships map[string]toOne `json:"relationships"`
	Metadata      metadata         `json:"metadata"`
}

func (s *Server) showBroker(b ServiceBroker) brokerResource {
	return brokerResource{
		resource: resource{GUID: b.GUID, CreatedAt: b.created, UpdatedAt: b.updated, Links: map[string]link{
			"self":              {Href: s.url + "/v3/service_brokers/" + b.GUID},
			"service_offerings": {Href: s.url + "/v3/service_offerings?service_broker_guids=" + b.GUID},
		}},
		Name: b.Name, URL: b.URL, Relationships: map[string]toOne{},
		Metadata: metadata{Labels: map[string]string{}, Annotations: map[string]string{}},
	}
}

func (s *Server) listBrokers(w http.ResponseWriter, r *http.Request, caller Client) {
	query, ok := readQuery(w, r, "names", "space_guids", "label_selector", "order_by")
	if !ok {
		return
	}
	found := slices.DeleteFunc(s.ServiceBrokers(), func(b ServiceBroker) bool {
		return !caller.seesAll() || !query.has("names", b.Name) || query.values.Has("space_guids")
	})
	writePage(w, s.url+r.URL.Path, query, found, s.showBroker)
}

func (s *Server) getBroker(w http.ResponseWriter, r *http.Request, caller Client) {
	if b, ok := s.seenBroker(w, r, caller); ok {
		writeJSON(w, http.StatusOK, s.showBroker(b))
	}
}

// seenBroker finds the broker that a request names, else answers that it isn't there.
func (s *Server) seenBroker(w http.ResponseWriter, r *http.Request, caller Client) (ServiceBroker, bool) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	b := s.cc.broker(r.PathValue("guid"))
	if b == nil || !caller.seesAll() {
		writeCCError(w, http.StatusNotFound, 10010, "CF-ResourceNotFound", "Service broker not found")
		return ServiceBroker{}, false
	}
	return *b, true
}

// adminsBroker is seenBroker for who wants to change it.
func (s *Server) adminsBroker(w http.ResponseWriter, r *http.Request, caller Client) (ServiceBroker, bool) {
	b, ok := s.seenBroker(w, r, caller)
	if ok && !caller.has("cloud_controller.admin") {
		notAuthorized(w)
		return b, false
	}
	return b, ok
}

func (s *Server) createBroker(w http.ResponseWriter, r *http.Request, caller Client) {
	b := ServiceBroker{GUID: uuid.NewString(), busy: true, created: s.cc.now().UTC(), updated: s.cc.now().UTC()}
	if !readBroker(w, r, &b, "name", "url", "authentication") {
		return
	}
	if !caller.has("cloud_controller.admin") {
		notAuthorized(w)
		return
	}
	if !s.cc.insertBroker(b) {
		unprocessable(w, "Name must be unique")
		return
	}
	s.accept(w, s.synchronize("service_broker.catalog.synchronize", b))
}

func (c *cloudController) insertBroker(b ServiceBroker) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.brokers, func(other ServiceBroker) bool { return other.Name == b.Name }) {
		return false
	}
	c.brokers = append(c.brokers, b)
	return true
}

func (s *Server) updateBroker(w http.ResponseWriter, r *http.Request, caller Client) {
	b, ok := s.adminsBroker(w, r, caller)
	if !ok || !readBroker(w, r, &b) {
		return
	}
	if refused := s.cc.hold(b); refused != "" {
		unprocessable(w, refused)
		return
	}
	s.accept(w, s.synchronize("service_broker.update", b))
}

// hold has a broker busy that is about to change into b, or says why it may not.
func (c *cloudController) hold(b ServiceBroker) (refused string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.brokers, func(other ServiceBroker) bool { return other.Name == b.Name && other.GUID != b.GUID }) {
		return "Name must be unique"
	}
	held := c.broker(b.GUID)
	if held == nil || held.busy {
		return "Cannot update a broker when other operation is already in progress"
	}
	held.busy = true
	return ""
}

func (s *Server) deleteBroker(w http.ResponseWriter, r *http.Request, caller Client) {
	b, ok := s.adminsBroker(w, r, caller)
	if !ok {
		return
	}
	s.cc.mu.Lock()
	used := s.cc.inUse(b.GUID)
	s.cc.mu.Unlock()
	if used {
		writeCCError(w, http.StatusUnprocessableEntity, 270010, "CF-ServiceBrokerNotRemovable",
			"Can not remove brokers that have associated service instances: "+b.Name)
		return
	}
	s.accept(w, s.cc.addJob("service_broker.delete", b.GUID))
}

func (s *Server) accept(w http.ResponseWriter, job string) {
	w.Header().Set("Location", s.url+"/v3/jobs/"+job)
	w.WriteHeader(http.StatusAccepted)
}

// readBroker reads a request's body over b, else answers what is wrong with it. needed
// are the fields that have to be there.
func readBroker(w http.ResponseWriter, r *http.Request, b *ServiceBroker, needed ...string) bool {
	var given map[string]json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&given); err != nil {
		writeCCError(w, http.StatusBadRequest, 1001, "CF-MessageParseError", "Request invalid due to parse error: invalid request body")
		return false
	}
	var wrong []string
	if unknown := unknownFields(given, "name", "url", "authentication", "metadata"); len(unknown) > 0 {
		wrong = append(wrong, fmt.Sprintf("Unknown field(s): '%s'", strings.Join(unknown, "', '")))
	}
	if slices.Contains(needed, "name") || given["name"] != nil {
		wrong = append(wrong, b.readName(given["name"])...)
	}
	if slices.Contains(needed, "url") || given["url"] != nil {
		wrong = append(wrong, b.readURL(given["url"])...)
	}
	if slices.Contains(needed, "authentication") || given["authentication"] != nil {
		wrong = append(wrong, b.readLogin(given["authentication"])...)
	}
	if len(wrong) > 0 {
		unprocessable(w, strings.Join(wrong, ", "))
		return false
	}
	return true
}

func (b *ServiceBroker) readName(text json.RawMessage) []string {
	if text == nil || json.Unmarshal(text, &b.Name) != nil {
		return []string{"Name must be a string"}
	}
	if b.Name == "" {
		return []string{"Name must not be empty string"}
	}
	return nil
}

func (b *ServiceBroker) readURL(text json.RawMessage) []string {
	if text == nil || json.Unmarshal(text, &b.URL) != nil {
		return []string{"Url must be a string"}
	}
	address, err := url.Parse(b.URL)
	switch {
	case err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "":
		return []string{fmt.Sprintf("Url '%s' must be a valid url", b.URL)}
	case address.User != nil:
		return []string{"Url must not contain authentication"}
	}
	return nil
}

func (b *ServiceBroker) readLogin(text json.RawMessage) []string {
	var login struct {
		Type        string
		Credentials struct{ Username, Password string }
	}
	if text == nil || json.Unmarshal(text, &login) != nil {
		return []string{"Authentication must be an object"}
	}
	if login.Type != "basic" {
		return []string{"Authentication authentication.type must be one of [\"basic\"]"}
	}
	if login.Credentials.Username == "" || login.Credentials.Password == "" {
		return []string{"Authentication Field(s) [\"username\", \"password\"] must be valid: [\"Username must be a string\", \"Password must be a string\"]"}
	}
	b.Username, b.Password = login.Credentials.Username, login.Credentials.Password
	return nil
}
