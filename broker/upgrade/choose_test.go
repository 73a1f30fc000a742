package upgrade_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/upgrade"
)

func TestChoose(t *testing.T) {
	offer := upgrade.Offer{Versions: map[string]string{"redis": "1.1.0", "mysql": "2.0.0"}, Held: map[string]bool{"h": true}}
	instances := []upgrade.Instance{
		{ID: "6", ServiceID: "mysql", PlanID: "m", Service: "mysql", Plan: "m", Version: "1.9.0", Organization: "guid", OrganizationName: "blue"},
		{ID: "1", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.0.0"},
		{ID: "2", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.0.0"},
		{ID: "3", ServiceID: "redis", PlanID: "l", Service: "redis", Plan: "l", Version: "1.2.0"},
		{ID: "4", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.1"},
		{ID: "5", ServiceID: "redis", PlanID: "s", Service: "redis", Plan: "s", Version: "1.0.0", Busy: "its update is running"},
		{ID: "7", ServiceID: "gone", Service: "gone", Version: "1.0.0"},
		{ID: "8", ServiceID: "redis", Service: "redis", Version: "1.0.0", Unfit: "its create failed"},
		{ID: "9", ServiceID: "redis", PlanID: "h", Service: "redis", Plan: "h", Version: "1.0.0"},
		{ID: "a", ServiceID: "redis", PlanID: "h", Service: "redis", Plan: "h", Version: "1.1.0"},
	}
	for name, c := range map[string]struct {
		only    upgrade.Filter
		want    []string // in their order
		current int
		skipped int
	}{
		"all":                  {upgrade.Filter{}, []string{"1", "3", "6", "2"}, 2, 4},
		"a service":            {upgrade.Filter{Service: "redis"}, []string{"1", "3", "2"}, 2, 3},
		"what is held as well": {upgrade.Filter{Service: "redis", Held: true}, []string{"1", "3", "9", "2"}, 2, 2},
		"all but some":         {upgrade.Filter{Except: []string{"1", "4", "5"}}, []string{"2", "3", "6"}, 2, 5},
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
				if s.To != offer.Versions[s.Instance.ServiceID] {
					t.Errorf("%s is upgraded to %s", s.Instance.ID, s.To)
				}
			}
			if !slices.Equal(ids, c.want) || got.Current != c.current || len(got.Busy)+len(got.Held)+len(got.Unfit) != c.skipped {
				t.Errorf("upgrades %v, leaves %d as they are, skips %v %v %v; want %v, %d, %d", ids, got.Current, got.Busy, got.Held, got.Unfit, c.want, c.current, c.skipped)
			}
		})
	}
}

// TestExcept: a mistyped exception is refused.
func TestExcept(t *testing.T) {
	instances := []upgrade.Instance{{ID: "1"}, {ID: "2"}}
	if err := (upgrade.Filter{Except: []string{"1", "2"}}).Check(instances); err != nil {
		t.Error(err)
	}
	if err := (upgrade.Filter{Except: []string{"1", "3"}}).Check(instances); err == nil || !strings.Contains(err.Error(), "--except 3: it is none of those") {
		t.Errorf("an unknown one: %v", err)
	}
}

// TestCanariesAreOfManyPlans however the ids are spread.
func TestCanariesAreOfManyPlans(t *testing.T) {
	var instances []upgrade.Instance
	for n := range 30 {
		instances = append(instances, upgrade.Instance{ID: fmt.Sprintf("%02d", n), ServiceID: "s", PlanID: fmt.Sprint(n / 10), Version: "1.0.0"})
	}
	plans := map[string]bool{}
	for _, s := range upgrade.Choose(instances, upgrade.Filter{}, upgrade.Offer{Versions: map[string]string{"s": "2.0.0"}}).Steps[:3] {
		plans[s.Instance.PlanID] = true
	}
	if len(plans) != 3 {
		t.Errorf("three canaries are of %d plans", len(plans))
	}
}
