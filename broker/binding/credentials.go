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

// credentials are what the chart's bind template yields; where it has none, what the library
// makes of the instance, or else the whole view.
func (s *Bindings) credentials(ctx context.Context, at place, b record.Binding, offered view.View) (json.RawMessage, error) {
	if at.service.Bind != nil {
		return s.templated(ctx, at, b, offered)
	}
	sees, err := json.Marshal(described(at, b, offered.ForTemplate(nil, s.access.Enforced())))
	if err != nil {
		return nil, fmt.Errorf("encoding what the bind library sees: %w", err)
	}
	choice, err := s.settings.Library.Choose(ctx, s.settings.Templates, sees)
	if err != nil {
		return nil, err
	}
	if choice.Rule == "" {
		return offered.Credentials()
	}
	return choice.Credentials, nil
}

// templated are what the chart's bind template yields.
func (s *Bindings) templated(ctx context.Context, at place, b record.Binding, offered view.View) (json.RawMessage, error) {
	bind := at.service.Bind
	seen, err := s.seenBy(ctx, at, offered)
	if err != nil {
		return nil, err
	}
	if bind.Mentions(view.ValuesField) {
		if seen.Values, err = values(ctx, at, offered); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(described(at, b, seen))
	if err != nil {
		return nil, fmt.Errorf("encoding what the bind template sees: %w", err)
	}
	return s.settings.Templates.Evaluate(ctx, *bind, text)
}

// seenBy is the view as the chart's bind template sees it. The Ingresses are read only for
// one that asks for them.
func (s *Bindings) seenBy(ctx context.Context, at place, offered view.View) (view.TemplateView, error) {
	if !at.service.Bind.Reads(view.IngressesField) {
		return offered.ForTemplate(nil, s.access.Enforced()), nil
	}
	return at.cluster.TemplateView(ctx, at.instance.Namespace, offered, s.access.Enforced())
}

// described adds to what a template sees whom it is for.
func described(at place, b record.Binding, seen view.TemplateView) view.TemplateView {
	i := at.instance
	seen.Parameters = orNull(i.Parameters)
	seen.Instance = view.InstanceView{
		ID:               i.ID,
		Service:          at.service.Name,
		Plan:             at.plan.Name,
		OrganizationGUID: i.OrganizationGUID,
		SpaceGUID:        i.SpaceGUID,
		PolicyGroup:      i.PolicyGroup,
	}
	seen.Binding = view.BindingView{ID: b.ID, AppGUID: b.AppGUID, Parameters: orNull(b.Parameters)}
	seen.Release = view.ReleaseView{Name: i.Release, Namespace: i.Namespace, Chart: i.Chart.Name, ChartVersion: i.Chart.Version}
	return seen
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
