package cf

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// cloudController keeps organizations, spaces, domains, apps, security groups, service brokers and jobs.
type cloudController struct {
	now          func() time.Time
	defaultSpace string

	mu      sync.Mutex
	orgs    []place
	spaces  []place
	domains []Domain
	groups  []SecurityGroup
	apps    map[string]App
	jobs    map[string]*job
	rule    Jobs
	brokerStore
}

// place is an organization, or a space of one.
type place struct {
	guid, name, org string
	created         time.Time
}

func newCloudController(now func() time.Time) *cloudController {
	c := &cloudController{now: now, apps: map[string]App{}, jobs: map[string]*job{}, brokerStore: brokerStore{instances: map[string]string{}, bindings: map[string]string{}}}
	c.defaultSpace = c.addSpace("demo", "dev")
	return c
}

func (c *cloudController) addSpace(org, space string) (guid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	parent := c.addOrg(org)
	j := slices.IndexFunc(c.spaces, func(s place) bool { return s.name == space && s.org == parent })
	if j < 0 {
		j = len(c.spaces)
		c.spaces = append(c.spaces, place{guid: uuid.NewString(), name: space, org: parent, created: c.now()})
	}
	return c.spaces[j].guid
}

// addOrg wants mu held.
func (c *cloudController) addOrg(name string) (guid string) {
	i := slices.IndexFunc(c.orgs, func(o place) bool { return o.name == name })
	if i < 0 {
		i = len(c.orgs)
		c.orgs = append(c.orgs, place{guid: uuid.NewString(), name: name, created: c.now()})
	}
	return c.orgs[i].guid
}

// Space is the GUID of the space that apps are in unless told otherwise: dev in
// the organization demo.
func (s *Server) Space() string { return s.cc.defaultSpace }

// AddSpace makes a space and its organization unless they exist and returns the
// space's GUID.
func (s *Server) AddSpace(org, space string) (guid string) { return s.cc.addSpace(org, space) }

// ccHandler serves a request that shows a good token.
type ccHandler func(w http.ResponseWriter, r *http.Request, caller Client)

func (s *Server) routeCC(mux *http.ServeMux) {
	mux.HandleFunc("GET /v3", s.serveV3Root)
	mux.HandleFunc("GET /v3/apps", s.reads(s.listApps))
	mux.HandleFunc("POST /v3/apps", s.writes(s.createApp))
	mux.HandleFunc("GET /v3/apps/{guid}", s.reads(s.getApp))
	mux.HandleFunc("PATCH /v3/apps/{guid}", s.writes(s.updateApp))
	mux.HandleFunc("DELETE /v3/apps/{guid}", s.writes(s.deleteApp))
	mux.HandleFunc("POST /v3/apps/{guid}/actions/start", s.writes(s.startApp))
	mux.HandleFunc("POST /v3/apps/{guid}/actions/stop", s.writes(s.stopApp))
	mux.HandleFunc("GET /v3/domains", s.reads(s.listDomains))
	mux.HandleFunc("GET /v3/jobs/{guid}", s.reads(s.getJob))
	mux.HandleFunc("GET /v3/organizations", s.reads(s.listOrgs))
	mux.HandleFunc("GET /v3/organizations/{guid}", s.reads(s.getOrg))
	mux.HandleFunc("GET /v3/security_groups", s.reads(s.listSecurityGroups))
	mux.HandleFunc("POST /v3/security_groups", s.writes(s.createSecurityGroup))
	mux.HandleFunc("GET /v3/security_groups/{guid}", s.reads(s.getSecurityGroup))
	mux.HandleFunc("PATCH /v3/security_groups/{guid}", s.writes(s.updateSecurityGroup))
	mux.HandleFunc("DELETE /v3/security_groups/{guid}", s.writes(s.deleteSecurityGroup))
	for _, kind := range []string{"running", "staging"} {
		path := "/v3/security_groups/{guid}/relationships/" + kind + "_spaces"
		mux.HandleFunc("POST "+path, s.writes(s.bindSecurityGroup(kind)))
		mux.HandleFunc("DELETE "+path+"/{space}", s.writes(s.unbindSecurityGroup(kind)))
	}
	s.routeServices(mux)
	mux.HandleFunc("GET /v3/spaces", s.reads(s.listSpaces))
	mux.HandleFunc("GET /v3/spaces/{guid}", s.reads(s.getSpace))
	mux.HandleFunc("/v3/", func(w http.ResponseWriter, _ *http.Request) {
		writeCCError(w, http.StatusNotFound, 10000, "CF-NotFound", "Unknown request")
	})
}

func (s *Server) reads(handle ccHandler) http.HandlerFunc {
	return s.scoped(handle, "cloud_controller.admin", "cloud_controller.admin_read_only", "cloud_controller.global_auditor", "cloud_controller.read")
}

func (s *Server) writes(handle ccHandler) http.HandlerFunc {
	return s.scoped(handle, "cloud_controller.admin", "cloud_controller.write")
}

func (s *Server) scoped(handle ccHandler, scopes ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		if authorization == "" {
			writeCCError(w, http.StatusUnauthorized, 10002, "CF-NotAuthenticated", "Authentication error")
			return
		}
		caller, ok := s.uaa.check(bearer(authorization))
		if !ok || !caller.isMeantForCC() {
			writeCCError(w, http.StatusUnauthorized, 1000, "CF-InvalidAuthToken", "Invalid Auth Token")
			return
		}
		if !caller.has(scopes...) {
			notAuthorized(w)
			return
		}
		handle(w, r, caller)
	}
}

// isMeantForCC says whether the audience of the caller's tokens names the cloud
// controller: UAA puts the authorities' first words there, and the cloud
// controller takes a token for another audience as invalid.
func (c Client) isMeantForCC() bool {
	return slices.ContainsFunc(c.Authorities, func(a string) bool { return strings.HasPrefix(a, "cloud_controller.") })
}

// sees says whether the caller may read what is in a space.
func (c Client) sees(space string) bool {
	return c.seesAll() || slices.Contains(c.Spaces, space)
}

// seesAll says whether the caller may read everything, whatever its roles.
func (c Client) seesAll() bool {
	return c.has("cloud_controller.admin", "cloud_controller.admin_read_only", "cloud_controller.global_auditor")
}

// develops says whether the caller may change what is in a space.
func (c Client) develops(space string) bool {
	return c.has("cloud_controller.admin") || slices.Contains(c.Spaces, space)
}

func notAuthorized(w http.ResponseWriter) {
	writeCCError(w, http.StatusForbidden, 10003, "CF-NotAuthorized", "You are not authorized to perform the requested action")
}

func notFound(w http.ResponseWriter, what string) {
	writeCCError(w, http.StatusNotFound, 10010, "CF-ResourceNotFound",
		fmt.Sprintf("%s not found. Ensure it exists and you have access to it.", what))
}

func unprocessable(w http.ResponseWriter, detail string) {
	writeCCError(w, http.StatusUnprocessableEntity, 10008, "CF-UnprocessableEntity", detail)
}

// writeCCError answers in the cloud controller's error format:
// https://v3-apidocs.cloudfoundry.org/#errors
func writeCCError(w http.ResponseWriter, status, code int, title, detail string) {
	writeJSON(w, status, ccErrors{[]ccError{{Code: code, Title: title, Detail: detail}}})
}

type ccErrors struct {
	Errors []ccError `json:"errors"`
}

type ccError struct {
	Code   int    `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}
