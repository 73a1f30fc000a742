package cf

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Jobs says how the jobs of deletions go. The zero value has them done at once.
type Jobs struct {
	// Polls is how often a job is seen PROCESSING before it is done. What it deletes
	// stays till then.
	Polls int
	// Error, if not empty, is what they fail with. What they were to delete stays.
	Error string
}

// SetJobs says how jobs go that begin from now on.
func (s *Server) SetJobs(jobs Jobs) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	s.cc.rule = jobs
}

// job is the deletion of an app, a security group or a service broker, or the reading
// of a broker's catalog.
type job struct {
	operation, guid string

	created time.Time
	updated time.Time
	left    Jobs
	state   string
	failed  *ccError // nil: with the error of left
}

// addJob begins the job of a deletion, "app.delete", "security_group.delete" or
// "service_broker.delete".
func (c *cloudController) addJob(operation, of string) (guid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	guid = uuid.NewString()
	now := c.now().UTC()
	c.jobs[guid] = &job{operation: operation, guid: of, created: now, updated: now, left: c.rule, state: "PROCESSING"}
	if c.rule.Polls == 0 {
		c.endJob(c.jobs[guid])
	}
	return guid
}

// endJob carries the deletion out, or has it fail. The caller holds the lock.
func (c *cloudController) endJob(j *job) {
	j.updated = c.now().UTC()
	if j.left.Error != "" {
		j.state = "FAILED"
		return
	}
	j.state = "COMPLETE"
	delete(c.apps, j.guid)
	c.removeBroker(j.guid)
	c.groups = slices.DeleteFunc(c.groups, func(g SecurityGroup) bool { return g.GUID == j.guid })
}

// addOpenJob begins a job that goes on until endOpenJob ends it.
func (c *cloudController) addOpenJob(operation string) (guid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	guid = uuid.NewString()
	now := c.now().UTC()
	c.jobs[guid] = &job{operation: operation, created: now, updated: now, state: "PROCESSING"}
	return guid
}

// endOpenJob wants mu held.
func (c *cloudController) endOpenJob(guid string, failed *ccError) {
	j := c.jobs[guid]
	j.updated, j.failed, j.state = c.now().UTC(), failed, "COMPLETE"
	if failed != nil {
		j.state = "FAILED"
	}
}

// seeJob is a job as it is now. To be seen brings it forward.
func (c *cloudController) seeJob(guid string) (job, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j, ok := c.jobs[guid]
	if !ok {
		return job{}, false
	}
	seen := *j
	if j.state == "PROCESSING" {
		if j.left.Polls--; j.left.Polls == 0 {
			c.endJob(j)
		}
	}
	return seen, true
}

func (s *Server) getJob(w http.ResponseWriter, r *http.Request, _ Client) {
	guid := r.PathValue("guid")
	j, ok := s.cc.seeJob(guid)
	if !ok {
		notFound(w, "Job")
		return
	}
	failures := []ccError{}
	switch {
	case j.failed != nil:
		failures = append(failures, *j.failed)
	case j.state == "FAILED":
		failures = append(failures, ccError{Code: 10008, Title: "CF-UnprocessableEntity", Detail: j.left.Error})
	}
	writeJSON(w, http.StatusOK, jobResource{
		resource: resource{GUID: guid, CreatedAt: j.created, UpdatedAt: j.updated, Links: map[string]link{
			"self": {Href: s.url + "/v3/jobs/" + guid},
		}},
		Operation: j.operation,
		State:     j.state,
		Errors:    failures,
		Warnings:  []ccError{},
	})
}
