package c2c

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Auditor says what the UAA client needs so that it sees all domains:
// https://v3-apidocs.cloudfoundry.org/#list-domains ("Permitted roles"). One with
// cloud_controller.read alone sees those that are shared.
const Auditor = "give the UAA client of CF_CLIENT_ID the authority cloud_controller.global_auditor"

// Domains returns the names of Cloud Foundry's domains, those that the client may see
// (GET /v3/domains).
func (c *Client) Domains(ctx context.Context) ([]string, error) {
	var all []string
	for page, pages := 1, 1; page <= pages; page++ {
		var found resource.DomainList
		path := fmt.Sprintf("/domains?per_page=5000&page=%d", page) // the longest there is
		r := cfapi.Request{Call: "list-domains", Part: cfapi.CloudController, Method: http.MethodGet, Path: path, Needs: Auditor, Answer: &found}
		if _, err := c.api.Call(ctx, r); err != nil {
			return nil, err
		}
		for _, d := range present(found.Resources) {
			all = append(all, d.Name)
		}
		pages = found.Pagination.TotalPages
	}
	return all, nil
}
