package cfapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cloudfoundry/go-cfclient/v3/resource"
)

// How often a job is asked for: most are done at once, and the cloud
// controller offers nothing but to ask again.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 3 * time.Second
)

// AwaitJob waits until a job of the cloud controller is done
// (GET /v3/jobs/{guid}), or for as long as ctx lasts. A failed one is a
// *JobError. needs is what to give the client that may not see jobs.
func (c *Client) AwaitJob(ctx context.Context, guid, needs string) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		var job resource.Job
		if _, err := c.Call(ctx, Request{Call: "read-job", Part: CloudController, Method: http.MethodGet, Path: "/jobs/" + url.PathEscape(guid), Needs: needs, Answer: &job}); err != nil {
			return err
		}
		switch job.State {
		case resource.JobStateComplete:
			return nil
		case resource.JobStateFailed:
			return &JobError{GUID: guid, Operation: job.Operation, Errors: job.Errors}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the cloud controller's job %s (%s): %w", guid, job.Operation, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// JobError is what a job of the cloud controller has failed with.
type JobError struct {
	GUID, Operation string
	Errors          []resource.CloudFoundryError
}

// Error has CF's words, in one line.
func (e *JobError) Error() string {
	return fmt.Sprintf("the cloud controller's job %s (%s) failed: %s", e.GUID, e.Operation, strings.Join(strings.Fields(detailsOf(e.Errors)), " "))
}

// For tells whether it has failed for a reason of one of these titles.
func (e *JobError) For(titles ...string) bool {
	return slices.ContainsFunc(e.Errors, func(of resource.CloudFoundryError) bool { return slices.Contains(titles, of.Title) })
}

// JobIn is the GUID of the job that a Location names, "" for any other. Nothing
// else is taken from it: tokens go nowhere but to the addresses that the CF
// API's root names.
func JobIn(location string) string {
	address, err := url.Parse(location)
	if err != nil {
		return ""
	}
	folder, guid := path.Split(address.Path)
	if path.Base(folder) != "jobs" {
		return ""
	}
	return guid
}
