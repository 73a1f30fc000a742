package cfapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloudfoundry/go-cfclient/v3/resource"
)

// List is one of the cloud controller's lists.
type List struct {
	Call  string // its name among the metrics
	Path  string
	Needs string // what to give the client that may not read it
}

// Pages reads a list to its end: https://v3-apidocs.cloudfoundry.org/#pagination
func Pages[T any](ctx context.Context, c *Client, list List, query url.Values, each func(*T)) error {
	query.Set("per_page", "5000") // the most there is
	for page, last := 1, 1; page <= last; page++ {
		var found struct {
			Pagination resource.Pagination `json:"pagination"`
			Resources  []*T                `json:"resources"`
		}
		query.Set("page", fmt.Sprint(page))
		r := Request{Call: list.Call, Part: CloudController, Method: http.MethodGet, Path: list.Path + "?" + query.Encode(), Needs: list.Needs, Answer: &found}
		if _, err := c.Call(ctx, r); err != nil {
			return err
		}
		for _, item := range found.Resources {
			if item != nil {
				each(item)
			}
		}
		last = found.Pagination.TotalPages
	}
	return nil
}
