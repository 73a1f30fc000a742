package cf

import (
	"net/http"

	"github.com/google/uuid"
)

// addJob notes the job of a deletion, done as soon as it is asked for.
func (c *cloudController) addJob() (guid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	guid = uuid.NewString()
	c.jobs[guid] = c.now().UTC()
	return guid
}

func (s *Server) getJob(w http.ResponseWriter, r *http.Request, _ Client) {
	guid := r.PathValue("guid")
	s.cc.mu.Lock()
	created, ok := s.cc.jobs[guid]
	s.cc.mu.Unlock()
	if !ok {
		notFound(w, "Job")
		return
	}
	writeJSON(w, http.StatusOK, jobResource{
		resource: resource{GUID: guid, CreatedAt: created, UpdatedAt: created, Links: map[string]link{
			"self": {Href: s.url + "/v3/jobs/" + guid},
		}},
		Operation: "app.delete",
		State:     "COMPLETE",
		Errors:    []ccError{},
		Warnings:  []ccError{},
	})
}
