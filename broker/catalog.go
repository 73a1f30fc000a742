package broker

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/pivotal-cf/brokerapi/v10/domain"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Services answers GET /v2/catalog (OSBAPI "Catalog Management").
func (b *Broker) Services(context.Context) ([]domain.Service, error) {
	return b.services, nil
}

func services(catalog chart.Catalog) []domain.Service {
	services := []domain.Service{}
	for _, s := range catalog.Services {
		services = append(services, service(s))
	}
	return services
}

func service(s chart.Service) domain.Service {
	metadata := s.Metadata()
	return domain.Service{
		ID:   s.ID,
		Name: metadata.Name,
		// OSBAPI requires a description, Chart.yaml doesn't.
		Description: cmp.Or(metadata.Description, "Helm chart "+metadata.Name),
		Bindable:    true,
		Tags:        metadata.Keywords,
		Plans:       plans(s),

		PlanUpdatable:        true,
		AllowContextUpdates:  true,
		InstancesRetrievable: true,
		BindingsRetrievable:  true,
		Metadata: &domain.ServiceMetadata{
			DisplayName:      metadata.Name,
			ImageUrl:         metadata.Icon,
			DocumentationUrl: metadata.Home,
		},
	}
}

// plans always says whether a plan is free and bindable: a platform may read
// an absent field as no.
func plans(s chart.Service) []domain.ServicePlan {
	var plans []domain.ServicePlan
	for _, p := range s.Plans {
		plans = append(plans, domain.ServicePlan{
			ID:          p.ID,
			Name:        p.Name,
			Description: p.Description,
			Free:        domain.FreeValue(p.Free),
			Bindable:    domain.BindableValue(p.Bindable),
			Metadata:    &domain.ServicePlanMetadata{DisplayName: p.Name, Bullets: p.Bullets},
			Schemas:     schemas(s),
			// The chart's version: a platform offers an upgrade where an
			// instance's is another.
			MaintenanceInfo: &domain.MaintenanceInfo{
				Version:     s.Metadata().Version,
				Description: strings.TrimSpace(fmt.Sprintf("Chart version %s %s", s.Metadata().Version, appVersion(s))),
			},
		})
	}
	return plans
}

func appVersion(s chart.Service) string {
	if v := s.Metadata().AppVersion; v != "" {
		return "(" + s.Metadata().Name + " " + v + ")"
	}
	return ""
}

// schemas shows the chart's own schema as that of the parameters: it is what
// they are checked against, laid over the plan. nil if the chart has none.
func schemas(s chart.Service) *domain.ServiceSchemas {
	schema := s.Schema()
	if schema == nil {
		return nil
	}
	parameters := domain.Schema{Parameters: schema}
	return &domain.ServiceSchemas{Instance: domain.ServiceInstanceSchema{Create: parameters, Update: parameters}}
}
