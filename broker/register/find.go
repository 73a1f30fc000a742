package register

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Find returns where Cloud Foundry looks for the service broker of a name, if it knows one.
func Find(ctx context.Context, api *cfapi.Client, name string) (url string, found bool, err error) {
	broker, err := cloudController{api}.findBroker(ctx, name)
	if err != nil || broker == nil {
		return "", false, err
	}
	return broker.URL, true, nil
}

// Plans returns the GUIDs that Cloud Foundry has given the plans of the service broker of a
// name; found is false if it knows no such broker, or the client may not see it.
func Plans(ctx context.Context, api *cfapi.Client, name string) (guids []string, found bool, err error) {
	c := cloudController{api}
	broker, err := c.findBroker(ctx, name)
	if err != nil || broker == nil {
		return nil, false, err
	}
	offered, err := c.offersOf(ctx, broker.GUID)
	for _, o := range offered {
		guids = append(guids, o.plan.GUID)
	}
	return guids, true, err
}
