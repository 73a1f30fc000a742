package broker

import (
	"context"

	"github.com/pivotal-cf/brokerapi/v10/domain"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Services answers GET /v2/catalog (OSBAPI "Catalog Management").
func (b *Broker) Services(context.Context) ([]domain.Service, error) {
	return services(b.catalog.Catalog(), b.anyParameters), nil
}

func services(catalog chart.Catalog, anyParameters bool) []domain.Service {
	services := []domain.Service{}
	for _, s := range catalog.Services {
		services = append(services, service(s, anyParameters))
	}
	return services
}

func service(s chart.Service, anyParameters bool) domain.Service {
	listing := s.Listing()
	return domain.Service{
		ID:          s.ID,
		Name:        s.Name,
		Description: listing.Description,
		Bindable:    true,
		Tags:        listing.Tags,
		Plans:       plans(s, anyParameters),

		PlanUpdatable:        true,
		AllowContextUpdates:  true,
		InstancesRetrievable: true,
		BindingsRetrievable:  true,
		Metadata: &domain.ServiceMetadata{
			DisplayName:      listing.Metadata.DisplayName,
			LongDescription:  listing.Metadata.LongDescription,
			ImageUrl:         listing.Metadata.Image,
			DocumentationUrl: listing.Metadata.Documentation,
			SupportUrl:       listing.Metadata.Support,
			Shareable:        shareable(s),
		},
	}
}

// shareable is left out unless it is so: some platforms read null as true.
func shareable(s chart.Service) *bool {
	if yes := s.Shareable(); yes {
		return &yes
	}
	return nil
}

func plans(s chart.Service, anyParameters bool) []domain.ServicePlan {
	var plans []domain.ServicePlan
	for _, p := range s.Plans {
		if anyParameters {
			p = p.TakingAnything()
		}
		plans = append(plans, plan(s, p))
	}
	return plans
}

// plan always says whether a plan is free, bindable and changeable: a platform
// may read an absent field as no.
func plan(s chart.Service, p chart.Plan) domain.ServicePlan {
	offered := domain.ServicePlan{
		ID:            p.ID,
		Name:          p.Name,
		Description:   p.Description,
		Free:          domain.FreeValue(p.Free),
		Bindable:      domain.BindableValue(p.Bindable),
		PlanUpdatable: domain.PlanUpdatableValue(p.AllowedPlanChanges == nil || len(p.AllowedPlanChanges) > 0),
		Metadata:      &domain.ServicePlanMetadata{DisplayName: p.DisplayName, Bullets: p.Bullets},
		Schemas:       schemas(s, p),
		// The chart's version: a platform offers an upgrade where an
		// instance's is another.
		MaintenanceInfo: &domain.MaintenanceInfo{
			Version:     s.Version(),
			Description: s.Listing().Release,
		},
	}
	for _, cost := range p.Costs {
		offered.Metadata.Costs = append(offered.Metadata.Costs, domain.ServicePlanCost(cost))
	}
	if p.HoldUpgrades { // for broker instances upgrade, which asks a running broker alone
		offered.Metadata.AdditionalMetadata = map[string]any{"upgrade": "hold"}
	}
	if seconds := int(p.MaximumPollingDuration.Seconds()); seconds > 0 {
		offered.MaximumPollingDuration = &seconds
	}
	return offered
}

// schemas shows the plan's own schemas or, for the parameters of creates and
// updates, the chart's: they are checked against it, laid over the plan. A plan that
// takes no parameters says so. nil if there is nothing to say.
func schemas(s chart.Service, p chart.Plan) *domain.ServiceSchemas {
	create, update := document(p.Schemas.Create, s.Schema()), document(p.Schemas.Update, s.Schema())
	if !p.TakesParameters() {
		create, update = chart.NoParameters(), chart.NoParameters()
	}
	bind := document(p.Schemas.Bind, nil)
	if create == nil && update == nil && bind == nil {
		return nil
	}
	return &domain.ServiceSchemas{
		Instance: domain.ServiceInstanceSchema{Create: schema(create), Update: schema(update)},
		Binding:  domain.ServiceBindingSchema{Create: schema(bind)},
	}
}

func document(own *chart.Schema, chartsOwn map[string]any) map[string]any {
	if own == nil {
		return chartsOwn
	}
	return own.Document
}

// schema never is null, which a platform may take amiss: without a schema
// anything goes.
func schema(document map[string]any) domain.Schema {
	if document == nil {
		document = chart.AnyParameters()
	}
	return domain.Schema{Parameters: document}
}
