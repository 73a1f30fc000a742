package orphans

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// needs is what the UAA client needs to see all spaces' service instances.
const needs = "give the UAA client of CF_CLIENT_ID the authority cloud_controller.admin_read_only or cloud_controller.admin, with which it sees the service instances of all spaces"

// InCF reads the service instances that Cloud Foundry has of a service broker, and where
// it reaches the broker. A client that may not see all spaces' finds no service broker,
// and so is refused here instead of seeing too few.
func InCF(ctx context.Context, api *cfapi.Client, broker string) (all []Instance, brokerURL string, err error) {
	var found *resource.ServiceBroker
	list := cfapi.List{Call: "find-service-broker", Path: "/service_brokers", Needs: needs}
	err = cfapi.Pages(ctx, api, list, url.Values{"names": {cfapi.FilterValue(broker)}}, func(b *resource.ServiceBroker) {
		if b.Name == broker {
			found = b
		}
	})
	switch {
	case err != nil:
		return nil, "", err
	case found == nil:
		return nil, "", fmt.Errorf("it shows no service broker %s; see whether CF_BROKER_NAME is right, or %s", broker, needs)
	}
	var plans []string
	list = cfapi.List{Call: "list-service-plans", Path: "/service_plans", Needs: needs}
	err = cfapi.Pages(ctx, api, list, url.Values{"service_broker_guids": {found.GUID}}, func(p *resource.ServicePlan) { plans = append(plans, p.GUID) })
	if err != nil {
		return nil, "", err
	}
	list = cfapi.List{Call: "list-service-instances", Path: "/service_instances", Needs: needs}
	for some := range slices.Chunk(plans, 50) { // all may be too many for a URL
		query := url.Values{"service_plan_guids": {strings.Join(some, ",")}}
		err := cfapi.Pages(ctx, api, list, query, func(i *resource.ServiceInstance) { all = append(all, instanceOf(i)) })
		if err != nil {
			return nil, "", err
		}
	}
	return all, found.URL, nil
}

func instanceOf(i *resource.ServiceInstance) Instance {
	state := i.LastOperation.State
	shown := Instance{ID: i.GUID, Name: i.Name, Changed: i.UpdatedAt, Busy: state == "initial" || state == "in progress"}
	for _, t := range []time.Time{i.CreatedAt, i.LastOperation.UpdatedAt} {
		if t.After(shown.Changed) {
			shown.Changed = t
		}
	}
	return shown
}
