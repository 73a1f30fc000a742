package binding

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// credentials are what the chart's bind template yields, or the whole view
// where the chart has none.
func (s *Bindings) credentials(ctx context.Context, at place, b record.Binding, offered view.View) (json.RawMessage, error) {
	i, service, plan := at.instance, at.service, at.plan
	if service.Bind == nil {
		return offered.Credentials()
	}
	seen, err := at.cluster.TemplateView(ctx, i.Namespace, offered, s.access.Enforced())
	if err != nil {
		return nil, err
	}
	seen.Parameters = orNull(i.Parameters)
	if service.Bind.Mentions(view.ValuesField) {
		if seen.Values, err = values(ctx, at, offered); err != nil {
			return nil, err
		}
	}
	seen.Instance = view.InstanceView{
		ID:               i.ID,
		Service:          service.Name,
		Plan:             plan.Name,
		OrganizationGUID: i.OrganizationGUID,
		SpaceGUID:        i.SpaceGUID,
		PolicyGroup:      i.PolicyGroup,
	}
	seen.Binding = view.BindingView{ID: b.ID, AppGUID: b.AppGUID, Parameters: orNull(b.Parameters)}
	seen.Release = view.ReleaseView{Name: i.Release, Namespace: i.Namespace, Chart: i.Chart.Name, ChartVersion: i.Chart.Version}
	text, err := json.Marshal(seen)
	if err != nil {
		return nil, fmt.Errorf("encoding what the bind template sees: %w", err)
	}
	return s.settings.Templates.Evaluate(ctx, *service.Bind, text)
}

// values are what the chart's own templates saw when the release was made.
func values(ctx context.Context, at place, offered view.View) (map[string]any, error) {
	target := tenant.Target{Release: at.instance.Release, Namespace: at.instance.Namespace}
	given, err := at.cluster.GivenValues(ctx, target, offered)
	if err != nil {
		return nil, err
	}
	return at.service.Computed(given)
}

func orNull(parameters json.RawMessage) json.RawMessage {
	return json.RawMessage(cmp.Or(string(parameters), "null"))
}
