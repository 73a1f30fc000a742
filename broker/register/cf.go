package register

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// admin is what the UAA client needs:
// https://v3-apidocs.cloudfoundry.org/#create-a-service-broker ("Permitted roles").
const admin = "give the UAA client of CF_CLIENT_ID the authority cloud_controller.admin, which registering a service broker for all organizations needs"

// cloudController sends the requests: https://v3-apidocs.cloudfoundry.org
type cloudController struct{ api *cfapi.Client }

func (c cloudController) call(ctx context.Context, name, method, path string, body, answer any) (http.Header, error) {
	return c.api.Call(ctx, cfapi.Request{Call: name, Part: cfapi.CloudController, Method: method, Path: path, Needs: admin, Body: body, Answer: answer})
}

// await waits for the job that an answer names.
func (c cloudController) await(ctx context.Context, header http.Header) error {
	job := cfapi.JobIn(header.Get("Location"))
	if job == "" {
		return fmt.Errorf("the cloud controller accepted it and named no job; try again to see whether it was done")
	}
	return c.api.AwaitJob(ctx, job, admin)
}

// findBroker returns nil if there is none.
func (c cloudController) findBroker(ctx context.Context, name string) (*resource.ServiceBroker, error) {
	var found resource.ServiceBrokerList
	query := url.Values{"names": {cfapi.FilterValue(name)}}
	if _, err := c.call(ctx, "find-service-broker", http.MethodGet, "/service_brokers?"+query.Encode(), nil, &found); err != nil {
		return nil, err
	}
	for _, b := range found.Resources {
		if b != nil && b.Name == name {
			return b, nil
		}
	}
	return nil, nil
}

func (c cloudController) createBroker(ctx context.Context, s Settings, login Login) error {
	header, err := c.call(ctx, "create-service-broker", http.MethodPost, "/service_brokers", resource.NewServiceBrokerCreate(s.Name, s.URL, login.Username, login.Password), nil)
	if err != nil {
		return err
	}
	return c.await(ctx, header)
}

// updateBroker has the catalog read again even if nothing else is new.
func (c cloudController) updateBroker(ctx context.Context, guid, address string, login Login) error {
	body := resource.NewServiceBrokerUpdate().WithURL(address).WithCredentials(login.Username, login.Password)
	header, err := c.call(ctx, "update-service-broker", http.MethodPatch, "/service_brokers/"+url.PathEscape(guid), body, nil)
	if err != nil {
		return err
	}
	return c.await(ctx, header)
}

func (c cloudController) deleteBroker(ctx context.Context, guid string) error {
	header, err := c.call(ctx, "delete-service-broker", http.MethodDelete, "/service_brokers/"+url.PathEscape(guid), nil, nil)
	if err != nil {
		return err
	}
	return c.await(ctx, header)
}

// offersOf are all plans of a broker.
func (c cloudController) offersOf(ctx context.Context, broker string) (offers, error) {
	services := map[string]*resource.ServiceOffering{}
	err := cfapi.Pages(ctx, c.api, cfapi.List{Call: "list-service-offerings", Path: "/service_offerings", Needs: admin}, url.Values{"service_broker_guids": {broker}}, func(s *resource.ServiceOffering) { services[s.GUID] = s })
	if err != nil {
		return nil, err
	}
	all := offers{}
	err = cfapi.Pages(ctx, c.api, cfapi.List{Call: "list-service-plans", Path: "/service_plans", Needs: admin}, url.Values{"service_broker_guids": {broker}}, func(p *resource.ServicePlan) {
		var service *resource.ServiceOffering
		if of := p.Relationships.ServiceOffering.Data; of != nil {
			service = services[of.GUID]
		}
		if service != nil { // else it was made, or deleted, in between
			all[p.BrokerCatalog.ID] = offered{service, p}
		}
	})
	return all, err
}

// instances is how many service instances the plans have.
func (c cloudController) instances(ctx context.Context, of offers) (n int, err error) {
	var plans []string
	for _, o := range of {
		plans = append(plans, o.plan.GUID)
	}
	for some := range slices.Chunk(plans, 50) { // all may be too many for a URL
		var found resource.ServiceInstanceList
		query := url.Values{"service_plan_guids": {strings.Join(some, ",")}, "per_page": {"1"}}
		if _, err := c.call(ctx, "count-service-instances", http.MethodGet, "/service_instances?"+query.Encode(), nil, &found); err != nil {
			return 0, err
		}
		n += found.Pagination.TotalResults
	}
	return n, nil
}

// orgs are the GUIDs of the organizations that there are of these names, in lower case.
func (c cloudController) orgs(ctx context.Context, names []string) (map[string]string, error) {
	found := map[string]string{}
	for some := range slices.Chunk(names, 50) {
		var escaped []string
		for _, name := range some {
			escaped = append(escaped, cfapi.FilterValue(name))
		}
		query := url.Values{"names": {strings.Join(escaped, ",")}}
		err := cfapi.Pages(ctx, c.api, cfapi.List{Call: "find-organizations", Path: "/organizations", Needs: admin}, query, func(o *resource.Organization) { found[strings.ToLower(o.Name)] = o.GUID })
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (c cloudController) visibility(ctx context.Context, plan string) (v resource.ServicePlanVisibility, err error) {
	_, err = c.call(ctx, "read-plan-visibility", http.MethodGet, "/service_plans/"+url.PathEscape(plan)+"/visibility", nil, &v)
	return v, err
}

func (c cloudController) setVisibility(ctx context.Context, plan string, to resource.ServicePlanVisibility) (v resource.ServicePlanVisibility, err error) {
	_, err = c.call(ctx, "set-plan-visibility", http.MethodPatch, "/service_plans/"+url.PathEscape(plan)+"/visibility", to, &v)
	return v, err
}
