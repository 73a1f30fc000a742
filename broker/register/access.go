package register

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// access is who sees a plan, in Cloud Foundry's words.
type access struct {
	kind string   // public, admin or organization
	orgs []string // GUIDs, sorted
}

// toAccess is what a chart's word means there, with the organizations that there are,
// GUIDs by name. Those that there aren't are missing; a plan for these alone is
// nobody's.
func toAccess(of chart.Access, orgs map[string]string) (to access, missing []string) {
	if of.Nobody {
		return access{kind: "admin"}, nil
	}
	if len(of.Organizations) == 0 {
		return access{kind: "public"}, nil
	}
	for _, name := range of.Organizations {
		if guid, there := orgs[strings.ToLower(name)]; there {
			to.orgs = append(to.orgs, guid)
			continue
		}
		missing = append(missing, name)
	}
	slices.Sort(to.orgs)
	to.orgs = slices.Compact(to.orgs)
	to.kind = "organization"
	if len(to.orgs) == 0 {
		to.kind = "admin"
	}
	return to, missing
}

func fromVisibility(v resource.ServicePlanVisibility) (a access, names []string) {
	a.kind = v.Type
	for _, o := range v.Organizations {
		a.orgs = append(a.orgs, o.GUID)
		if o.Name != nil {
			names = append(names, *o.Name)
		}
	}
	slices.Sort(a.orgs)
	slices.Sort(names)
	return a, names
}

func (a access) visibility() resource.ServicePlanVisibility {
	v := resource.ServicePlanVisibility{Type: a.kind}
	for _, guid := range a.orgs {
		v.Organizations = append(v.Organizations, resource.ServicePlanVisibilityRelation{GUID: guid})
	}
	return v
}

func (a access) equal(b access) bool { return a.kind == b.kind && slices.Equal(a.orgs, b.orgs) }

// words are those of plans.yaml.
func words(kind string, orgs []string) string {
	switch kind {
	case "public":
		return "all"
	case "organization":
		return "[" + strings.Join(orgs, ", ") + "]"
	}
	return "none"
}

// wantedAccess is what charts say, by the ids of plans.
func wantedAccess(services []chart.Service) map[string]chart.Access {
	wanted := map[string]chart.Access{}
	for _, s := range services {
		for _, p := range s.Plans {
			wanted[p.ID] = p.Access
		}
	}
	return wanted
}

// enableAccess has each plan be seen by whom its chart says. What goes wrong with one
// plan doesn't keep the others from it.
func (r *Registrar) enableAccess(ctx context.Context, wanted map[string]chart.Access, have offers, changed *changes) error {
	orgs := map[string]string{}
	if names := namedIn(wanted, have); len(names) > 0 {
		err := r.again(ctx, func() (err error) {
			orgs, err = r.cf.orgs(ctx, names)
			return err
		})
		if err != nil {
			return fmt.Errorf("finding the organizations of plans.yaml's access: %w", err)
		}
	}
	var wrong []error
	for _, id := range have.sorted() {
		of, known := wanted[id]
		if !known {
			continue
		}
		plan := have[id]
		to, missing := toAccess(of, orgs)
		if err := r.enable(ctx, plan, to, of.Organizations, changed); err != nil {
			wrong = append(wrong, fmt.Errorf("plan %s: changing who has access: %w", plan.name(), err))
		}
		for _, name := range missing {
			wrong = append(wrong, fmt.Errorf("plan %s: access names the organization %q, which Cloud Foundry doesn't have; create it, or correct plans.yaml", plan.name(), name))
		}
	}
	return errors.Join(wrong...)
}

// namedIn are the organizations that the plans that there are name.
func namedIn(wanted map[string]chart.Access, have offers) (names []string) {
	for id := range have {
		names = append(names, wanted[id].Organizations...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *Registrar) enable(ctx context.Context, plan offered, to access, names []string, changed *changes) error {
	return r.again(ctx, func() error {
		now := resource.ServicePlanVisibility{Type: plan.plan.VisibilityType}
		if now.Type == "organization" {
			var err error
			if now, err = r.cf.visibility(ctx, plan.plan.GUID); err != nil {
				return err
			}
		}
		from, fromNames := fromVisibility(now)
		if from.equal(to) {
			return nil
		}
		got, err := r.cf.setVisibility(ctx, plan.plan.GUID, to.visibility())
		if err != nil {
			return err
		}
		_, toNames := fromVisibility(got)
		if toNames == nil {
			toNames = names
		}
		changed.add("plan %s: access %s became %s", plan.name(), words(from.kind, fromNames), words(to.kind, toNames))
		return nil
	})
}
