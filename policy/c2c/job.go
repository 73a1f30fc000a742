package c2c

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cloudfoundry/go-cfclient/v3/resource"
)

// How often a job is asked for: most are done at once, and the cloud
// controller offers nothing but to ask again.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 3 * time.Second
)

// awaitJob waits until a job of the cloud controller is done
// (GET /v3/jobs/{guid}), or for as long as ctx lasts. A failed one is an error
// in CF's words.
func (c *Client) awaitJob(ctx context.Context, guid string) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		var job resource.Job
		if err := c.callCC(ctx, "read-job", http.MethodGet, "/jobs/"+url.PathEscape(guid), nil, &job); err != nil {
			return err
		}
		switch job.State {
		case resource.JobStateComplete:
			return nil
		case resource.JobStateFailed:
			return fmt.Errorf("the cloud controller's job %s (%s) failed: %s", guid, job.Operation, detailsOf(job.Errors))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the cloud controller's job %s (%s): %w", guid, job.Operation, ctx.Err())
		case <-time.After(pause):
		}
	}
}
