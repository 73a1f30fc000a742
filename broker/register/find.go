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
