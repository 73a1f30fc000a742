package operation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// credentials are what the chart's bind template yields, or the whole view
// where the chart has none.
func (e *Engine) credentials(ctx context.Context, i record.Instance, b record.Binding, view helmsvc.View) (json.RawMessage, error) {
	service, plan, found := e.catalog.Find(i.ServiceID, i.PlanID)
	if !found {
		return nil, fmt.Errorf("the chart %s or its plan has left the catalog, and with it the template for credentials", i.Chart.Name)
	}
	if service.Bind == nil {
		return view.Credentials()
	}
	seen, err := e.cluster.TemplateView(ctx, i.Namespace, view, e.policies != nil)
	if err != nil {
		return nil, err
	}
	seen.Parameters = orNull(i.Parameters)
	seen.Instance = helmsvc.InstanceView{
		ID:               i.ID,
		Service:          service.Metadata().Name,
		Plan:             plan.Name,
		OrganizationGUID: i.OrganizationGUID,
		SpaceGUID:        i.SpaceGUID,
		PolicyGroup:      i.PolicyGroup,
	}
	seen.Binding = helmsvc.BindingView{ID: b.ID, AppGUID: b.AppGUID, Parameters: orNull(b.Parameters)}
	seen.Release = helmsvc.ReleaseView{Name: i.Release, Namespace: i.Namespace, Chart: i.Chart.Name, ChartVersion: i.Chart.Version}
	text, err := json.Marshal(seen)
	if err != nil {
		return nil, fmt.Errorf("encoding what the bind template sees: %w", err)
	}
	return e.settings.Templates.Evaluate(ctx, *service.Bind, text)
}

func orNull(parameters json.RawMessage) json.RawMessage {
	return json.RawMessage(cmp.Or(string(parameters), "null"))
}
