package upgrade_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/upgrade"
)

func TestChoose(t *testing.T) {
	offer := upgrade.Offer{"s": {Version: "1.1.0"}, "l": {Version: "1.1.0"}, "h": {Version: "1.1.0", Holds: true}, "m": {Version: "2.0.0"}}
	instances := []upgrade.Instance{
		{ID: "6", ServiceID: "mysql", PlanID: "m", Service: "mysql", Plan: "m", Version: "1.9.0", Organization: "guid", OrganizationName: "blue"},
		{ID: "1", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.0.0"},
		{ID: "2", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.0.0"},
		{ID: "3", ServiceID: "redis", PlanID: "l", Service: "redis", Plan: "l", Version: "1.2.0"},
		{ID: "4", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.1"},
		{ID: "5", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.0.0", Busy: "its update is running"},
		{ID: "7", ServiceID: "redis", PlanID: "gone", Service: "redis", Plan: "gone", Version: "1.0.0"},
		{ID: "8", ServiceID: "redis", Service: "redis", Version: "1.0.0", Unfit: "its create failed"},
		{ID: "9", ServiceID: "redis", PlanID: "h", Service: "redis", Plan: "h", Version: "1.0.0"},
		{ID: "a", ServiceID: "redis", PlanID: "h", Service: "redis", Plan: "h", Version: "1.1.0"},
		{ID: "b", ServiceID: "mysql", PlanID: "m", Service: "mysql", Plan: "m", Version: "2.0.0", Busy: "its create is running"},
	}
	for name, c := range map[string]struct {
		only    upgrade.Filter
		want    []string // in their order
		current int
		skipped int
	}{
		"all":                  {upgrade.Filter{}, []string{"1", "3", "6", "2"}, 3, 4},
		"a service":            {upgrade.Filter{Service: "redis"}, []string{"1", "3", "2"}, 2, 4},
		"what is held as well": {upgrade.Filter{Service: "redis", Held: true}, []string{"1", "3", "9", "2"}, 2, 3},
		"all but some":         {upgrade.Filter{Except: []string{"1", "4", "5"}}, []string{"2", "3", "6"}, 3, 5},
		"a plan":               {upgrade.Filter{Plan: "l"}, []string{"3"}, 0, 0},
		"an organization":      {upgrade.Filter{Organization: "guid"}, []string{"6"}, 0, 0},
		"one by its name":      {upgrade.Filter{Organization: "blue"}, []string{"6"}, 0, 0},
		"nobody's":             {upgrade.Filter{Organization: "red"}, nil, 0, 0},
		"a plan of no service": {upgrade.Filter{Service: "mysql", Plan: "s"}, nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := upgrade.Choose(slices.Clone(instances), c.only, offer)
			var ids []string
			for _, s := range got.Steps {
				ids = append(ids, s.Instance.ID)
				if s.To != offer[s.Instance.PlanID].Version {
					t.Errorf("%s is upgraded to %s", s.Instance.ID, s.To)
				}
			}
			if !slices.Equal(ids, c.want) || got.Current != c.current || len(got.Busy)+len(got.Held)+len(got.Unfit) != c.skipped {
				t.Errorf("upgrades %v, leaves %d as they are, skips %v %v %v; want %v, %d, %d", ids, got.Current, got.Busy, got.Held, got.Unfit, c.want, c.current, c.skipped)
			}
		})
	}
}

// TestCheck: what is mistyped is refused.
func TestCheck(t *testing.T) {
	instances := []upgrade.Instance{{ID: "1", Service: "old", Plan: "s"}, {ID: "2", Service: "redis", Plan: "s", Organization: "guid", OrganizationName: "blue"}}
	offer := upgrade.Offer{"p": {Service: "redis", Name: "large"}}
	for name, c := range map[string]struct {
		only upgrade.Filter
		want string // in the error; empty: none
	}{
		"nothing":                    {upgrade.Filter{}, ""},
		"exceptions":                 {upgrade.Filter{Except: []string{"1", "2"}}, ""},
		"an unknown exception":       {upgrade.Filter{Except: []string{"1", "3"}}, "--except 3: it is none of those"},
		"a plan without instances":   {upgrade.Filter{Service: "redis", Plan: "large"}, ""},
		"a service that was removed": {upgrade.Filter{Service: "old"}, ""},
		"an unknown service":         {upgrade.Filter{Service: "reddis"}, "--service reddis: the broker doesn't offer that"},
		"an unknown plan":            {upgrade.Filter{Plan: "tiny"}, "--plan tiny: "},
		"another service's plan":     {upgrade.Filter{Service: "old", Plan: "large"}, "--service old --plan large: "},
		"an organization":            {upgrade.Filter{Organization: "guid"}, ""},
		"one by its name":            {upgrade.Filter{Organization: "blue"}, ""},
		"an unknown organization":    {upgrade.Filter{Organization: "bleu"}, "--org bleu: no instance is that organization's"},
	} {
		err := c.only.Check(instances, offer)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: ended with %v, want %q", name, err, c.want)
		}
	}
}

// TestCanariesAreOfManyPlans however the ids are spread.
func TestCanariesAreOfManyPlans(t *testing.T) {
	var instances []upgrade.Instance
	for n := range 30 {
		instances = append(instances, upgrade.Instance{ID: fmt.Sprintf("%02d", n), ServiceID: "s", PlanID: fmt.Sprint(n / 10), Version: "1.0.0"})
	}
	plans, newer := map[string]bool{}, upgrade.Plan{Version: "2.0.0"}
	for _, s := range upgrade.Choose(instances, upgrade.Filter{}, upgrade.Offer{"0": newer, "1": newer, "2": newer}).Steps[:3] {
		plans[s.Instance.PlanID] = true
	}
	if len(plans) != 3 {
		t.Errorf("three canaries are of %d plans", len(plans))
	}
}
