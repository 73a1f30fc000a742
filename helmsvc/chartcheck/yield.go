package chartcheck

import (
	"context"
	"encoding/json"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// Yield is what a bound app would find in its credentials, of one plan of the chart in dir, and
// the rule that makes them: see Plan.Rule. named has them hold names instead of addresses.
// Errors are as for Render.
func (c Checker) Yield(ctx context.Context, dir, planName string, parameters json.RawMessage, named bool) (rule string, credentials json.RawMessage, err error) {
	service, plan, err := c.find(ctx, dir, planName)
	if err != nil {
		return "", nil, err
	}
	made, err := c.render(ctx, service, plan, parameters)
	if err != nil {
		return "", nil, err
	}
	objects, _ := c.objectsOf(made, service.Metadata().Name)
	w := madeUp(objects)
	offered := view.Of(w.secrets, w.services, w.pods).Narrow(plan.Opens)
	if named {
		offered = offered.Named(view.Addressing{Domain: c.domain()})
	}
	return c.credentials(ctx, service, plan, w, offered)
}
