package chartcheck

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// bind fills in what a binding of the plan would yield. The error is ctx's.
func (c Checker) bind(ctx context.Context, service chart.Service, plan chart.Plan, w world, objects []object, result *Plan) error {
	whole := view.Of(w.secrets, w.services, w.pods)
	offered := whole.Narrow(plan.Opens)
	result.Ports = portsOf(offered.Endpoints)
	differ := servicePorts(offered, c.domain())
	for i, p := range result.Ports {
		result.Ports[i].ServicePorts = differ[portKey(p.Protocol, p.Number)]
	}
	_, unreachable := whole.Reachable()
	switch {
	case unreachable != nil:
		result.Warnings = append(result.Warnings, "bind would fail where the broker enforces access: "+unreachable.Error())
	case len(result.Ports) == 0 && plan.Ports != nil:
		result.Warnings = append(result.Warnings, "bind would open no port: plans.yaml narrows them with `ports`, and no pod of this plan offers one of those")
	case len(result.Ports) == 0:
		result.Warnings = append(result.Warnings, "bind would open no port: no pod of this plan declares one or is behind a Service")
	case plan.Ports == nil:
		for _, p := range portsOf(offered.LeftOut()) {
			result.Warnings = append(result.Warnings, fmt.Sprintf("bind doesn't open %s %d (%s): container-to-container policies are for tcp and udp", p.Protocol, p.Number, p.Name))
		}
	}
	rule, credentials, err := c.credentials(ctx, service, plan, w, offered)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && slices.ContainsFunc(objects, isCustom):
		// The template may read what a controller makes of a custom resource.
		result.Warnings = append(result.Warnings, oneLine(err.Error())+" (it may, once there is what custom resources bring about)")
		return nil
	case err != nil:
		result.Mistakes = append(result.Mistakes, oneLine(err.Error()))
		return nil
	}
	fields, empty, err := shape(credentials, rule == "", binaryIn(offered.Secrets))
	if err != nil {
		return err
	}
	result.Credentials, result.Rule = fields, rule
	result.Shared = service.Bind == nil || !service.Bind.Mentions("binding")
	if service.Bind != nil {
		result.Hints = append(result.Hints, portHints(service.Bind.File, credentials, result.Ports)...)
		result.Hints = append(result.Hints, c.addressHints(ctx, service, plan, w, offered)...)
	}
	for _, path := range empty {
		if service.Bind != nil {
			result.Warnings = append(result.Warnings, fmt.Sprintf("%s: the credential %s is empty", service.Bind.File, path))
		}
	}
	return nil
}

func isCustom(o object) bool { return o.typed == nil }

// credentials are what a made-up instance and app would get, with container-to-container
// policies on, and the rule that they are by; "" for the raw form.
func (c Checker) credentials(ctx context.Context, service chart.Service, plan chart.Plan, w world, offered view.View) (rule string, _ json.RawMessage, err error) {
	where, metadata, null := target(), service.Metadata(), json.RawMessage("null")
	seen := offered.ForTemplate(w.ingresses, true)
	seen.Parameters = null
	if service.Bind != nil && service.Bind.Mentions(view.ValuesField) {
		if seen.Values, err = computed(ctx, service, plan); err != nil {
			return "", nil, err
		}
	}
	seen.Instance = view.InstanceView{
		ID:               instanceID,
		Service:          metadata.Name,
		Plan:             plan.Name,
		OrganizationGUID: "00000000-0000-4000-8000-000000000002",
		SpaceGUID:        "00000000-0000-4000-8000-000000000003",
		PolicyGroup:      instanceID,
	}
	seen.Binding = view.BindingView{
		ID:         "00000000-0000-4000-8000-000000000004",
		AppGUID:    "00000000-0000-4000-8000-000000000005",
		Parameters: null,
	}
	seen.Release = view.ReleaseView{Name: where.Release, Namespace: where.Namespace, Chart: metadata.Name, ChartVersion: metadata.Version}
	text, err := json.Marshal(seen)
	if err != nil {
		return "", nil, fmt.Errorf("encoding what the bind template sees: %w", err)
	}
	if service.Bind != nil {
		credentials, err := c.Templates.Evaluate(ctx, *service.Bind, text)
		return service.Bind.File, credentials, err
	}
	choice, err := c.Library.Choose(ctx, c.Templates, text)
	if err != nil || choice.Rule != "" {
		return choice.Rule, choice.Credentials, err
	}
	raw, err := offered.Credentials()
	return "", raw, err
}

// computed are what the chart's own templates see as .Values.
func computed(ctx context.Context, service chart.Service, plan chart.Plan) (map[string]any, error) {
	where := target()
	what, err := service.Render(ctx, plan, where.Release, where.Namespace, nil)
	if err != nil {
		return nil, err
	}
	return service.Computed(what.Values)
}

// binaryIn are the Secrets' values that are in base64, since they aren't text.
func binaryIn(secrets []view.Secret) map[string]bool {
	values := map[string]bool{}
	for _, s := range secrets {
		for _, key := range s.Binary {
			values[s.Data[key]] = true
		}
	}
	return values
}

// portsOf are the endpoints' ports, each once.
func portsOf(endpoints []view.Endpoint) []Port {
	var ports []Port
	for _, e := range endpoints {
		same := func(p Port) bool { return p.Number == e.Port && p.Protocol == e.Protocol }
		if !slices.ContainsFunc(ports, same) {
			ports = append(ports, Port{Number: e.Port, Protocol: e.Protocol, Name: e.Name})
		}
	}
	slices.SortFunc(ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Number, b.Number))
	})
	return ports
}
